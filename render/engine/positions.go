package engine

// positions checks that every value stands where the escaping of its helper holds, whichever blocks are taken: what a
// value is written as is safe in one place of a language and an injection in the next.
func (c *checker) positions(parts []node) {
	switch c.format {
	case jsonText:
		c.json(parts)
	case shell:
		c.shell(parts)
	case yaml:
		c.yaml(parts)
	case markdown:
		c.markdown(parts)
	case plain: // a value is text wherever it stands
	}
}
