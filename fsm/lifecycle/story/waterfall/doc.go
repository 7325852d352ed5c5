// Package waterfall lays the spans of a run out as rows of bars, for whatever draws them: a terminal, a page, a program.
// It is pure. Spans go in, told from the run's own status or read back from where they were exported to, or both, and one
// picture comes out.
//
//	coderun/auth-7                     a picture: one run
//	  chapter                          from a request to its end; a higher context version begins another one
//	    Pending          ╍             rows: a state, an attempt, an effect, a span of the agent's
//	    attempt 1        ├───────┤
//	      Provisioning   ╍╍            waits for something
//	      Running          ━━━━━━      works
//	    Retrying                 ╍╍    a gap between two attempts
//	    path: Pending → Provisioning → Running → Retrying → …
//
// The path of a chapter is its critical path: for each moment what the end was waiting for then. Its pieces touch, and together
// they last as long as the chapter.
package waterfall
