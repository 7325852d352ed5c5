// Command runfleet is the one binary of Runfleet. Linked as kubectl-runfleet it is a plugin of kubectl.
package main

import (
	"fmt"
	"io"
	"os"
)

// The exit codes: scripts tell a wrong call from a wrong world.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

func main() { os.Exit(run(os.Args, os.Stdout, os.Stderr)) }

// run is main with everything it touches handed in, so that a test can call it.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRootCommand(args[0])
	root.SetArgs(args[1:])
	root.SetOut(stdout)
	root.SetErr(stderr)
	called, err := root.ExecuteC()
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "%s: %v\n", root.DisplayName(), err)
	if isUsage(err) {
		fmt.Fprintf(stderr, "See '%s --help'.\n", called.CommandPath())
		return exitUsage
	}
	return exitFail
}
