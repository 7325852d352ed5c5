// Package templates holds the Handlebars templates of the files that an agent needs.
package templates
