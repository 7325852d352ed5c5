// Command probe is what the tests of real nodes run in a container. It does what
// its arguments say, in their order:
//
//	say TEXT        print a line
//	who             print user, group and further groups
//	write FILE TEXT write a file
//	read FILE       print a file
//	get URL         print what a server answers
//	wait            until asked to end; then say so in the
//	                termination message and end with 7
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	for args := os.Args[1:]; len(args) > 0; {
		var err error
		if args, err = do(args[0], args[1:]); err != nil {
			log.Fatal(err)
		}
	}
}

// do does one thing and returns the arguments that are left.
func do(verb string, args []string) ([]string, error) {
	want := map[string]int{"say": 1, "write": 2, "read": 1, "get": 1}[verb]
	if len(args) < want {
		return nil, fmt.Errorf("%s needs %d arguments", verb, want)
	}
	rest := args[want:]
	switch verb {
	case "say":
		fmt.Fprintln(os.Stdout, args[0])
	case "who":
		groups, err := os.Getgroups()
		fmt.Fprintln(os.Stdout, os.Getuid(), os.Getgid(), groups)
		return rest, err
	case "write":
		return rest, os.WriteFile(args[0], []byte(args[1]), 0o644)
	case "read":
		data, err := os.ReadFile(args[0])
		fmt.Fprintln(os.Stdout, string(data))
		return rest, err
	case "get":
		return rest, get(args[0])
	case "wait":
		wait()
	default:
		return nil, fmt.Errorf("unknown verb %q", verb)
	}
	return rest, nil
}

func get(url string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(url) //nolint:gosec // it asks whom a test says
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	fmt.Fprintln(os.Stdout, string(data))
	return err
}

func wait() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	fmt.Fprintln(os.Stdout, "waiting")
	<-ended
	_ = os.WriteFile("/dev/termination-log", []byte("asked to end"), 0o644)
	os.Exit(7)
}
