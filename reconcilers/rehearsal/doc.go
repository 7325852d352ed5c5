// Package rehearsal does for a manifest what hub and operator would, without either of them: so that a person sees what an
// attempt would send before there is one.
//
//	manifest ──► Admit ──► run ──► Attempt ──► run with attempt n ──► render.Render
//	           the CRDs'          the machine's own rows
//	     defaults and rules
//
// Nothing here is a second description of what they do: the schema is that of the CRDs, read by the API server's own code,
// and attempts are what fsm/lifecycle decides. What only a cluster knows is a placeholder, and Attempt says which.
package rehearsal
