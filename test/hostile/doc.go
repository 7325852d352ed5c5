// Package hostile fills the specs of runs with texts of a test's choice.
package hostile
