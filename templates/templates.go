// Package templates holds the Handlebars templates of the files that an agent needs. docs/NAME.hbs and code/NAME.hbs make
// the file NAME for one kind of run, shared/NAME.hbs for both; a script that the agent runs itself is in hooks/ below them.
// What fills them is package render's.
package templates

import "embed"

// Files are the templates.
//
//go:embed docs code shared
var Files embed.FS
