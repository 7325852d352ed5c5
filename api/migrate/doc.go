// Package migrate turns objects of the original system into runs of this one. It only reads and writes manifests: no cluster
// is asked, and the same input gives the same output.
//
//	orchestrator.io/v1        TaskRun             taskId 999999 ──▶ DocsRun
//	                                              any other     ──▶ CodeRun
//	agents.platform           DocsRun, CodeRun                  ──▶ the same kind; runType documentation ──▶ DocsRun
//	orchestrator.platform/v1  DocsRun, CodeRun                  ──▶ themselves, without what means nothing here
//
// Each field of an original is taken out of it by the line that knows what becomes of it. What nobody took is noted as
// unknown, so that no field is lost in silence. A note says which field, and what to do; it never repeats a value that may
// be a secret.
//
// What has a status has a past, and is left out: a run that ended would execute again, and one that is under way would get a
// second agent beside its first.
package migrate
