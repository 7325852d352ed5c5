// Package story tells the life of a run as the spans of one trace. It is pure: a run's metadata and status go in, complete
// spans come out, and the same status gives the same spans with the same identifiers, whichever process tells them. Nothing
// here knows OpenTelemetry; package telemetry exports the spans, and others may draw them.
//
//	RUN DocsRun                       from apply to the first final state; the root
//	├─ Pending                        a state that was dwelt in
//	│  └─ ClusterChosen               the transition that ended it
//	├─ attempt                        from its placement to its end; its identifier is in its Job's TRACEPARENT
//	│  ├─ Provisioning
//	│  │  ├─ Ensure Agent             an effect on a member, told by the operator that had it
//	│  │  ├─ AgentCreated
//	│  │  └─ AgentStarted
//	│  └─ Running
//	└─ RUN DocsRun                    a later context version, after an end
package story
