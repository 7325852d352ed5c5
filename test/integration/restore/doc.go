// Package restore sets a real hub back to an older backup while its agents live (fault F11, rule Q of docs/lifecycle.md), and
// looks at what becomes of them. It runs with `make faults`, under the build tag faults.
package restore
