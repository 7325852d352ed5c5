// Package docs runs what the documentation tells people to type.
//
// Every ```sh block of every page in the repository is run by `make docs`, those of one page from top to bottom in one bash, in a
// copy of the checkout, against a hub and members of real API servers with simulated nodes. What a page takes for granted, a file
// or a run by a name, is made by its prelude in testdata/preludes. Two comments before a block make an exception:
//
//	<!-- not run: WHY -->    needs what is not there, or another test runs it: WHY says which
//	<!-- refused: WHY -->    its one command must fail
//
// The script of a page has its commands on the lines that they have in the page, so that an error names a line to open.
package docs
