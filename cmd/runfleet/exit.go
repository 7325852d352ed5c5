package main

import "errors"

// The exit codes. Scripts tell a wrong call from a wrong world, and wait tells how the run ended.
const (
	exitOK          = 0
	exitFail        = 1
	exitUsage       = 2
	exitFailed      = 3 // the run that was waited for is Failed
	exitCancelled   = 4 // it is Cancelled
	exitTimeout     = 5 // it was not there in time
	exitGone        = 6 // it does not exist, or was deleted meanwhile
	exitInterrupted = 130

	exitDifferent = 1 // diff found something, as of diff(1)
	exitTrouble   = 2 // and this is anything that kept it from comparing
)

// exitError ends the program with a code of its own. Without an error in it everything was said already.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// exitCode is the code that an error ends the program with.
func exitCode(err error) int {
	var exit exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return exit.code
	case isUsage(err):
		return exitUsage
	default:
		return exitFail
	}
}
