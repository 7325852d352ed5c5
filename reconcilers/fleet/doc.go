// Package fleet knows the members: it reads MemberCluster objects and their kubeconfigs, connects to each on its own,
// probes them, and chooses among them. It is a provider of multicluster-runtime, written so that no member can stall
// another or the operator (docs/decisions/0005-our-own-provider.md).
//
//	hub: MemberCluster, Secret                        one goroutine per member (attend)
//	   │ watch                                    ┌───────────────────────────────────────────────────────┐
//	   ▼                                          │ open ─► identify ─► judge ─► prepare ─► adopt         │
//	controller ──► registration ──► mailbox ────► │  (client)  (who?)   (the one   (permissions, │ swap,  │
//	(never waits)                                 │                      it was?)   caches)      │ Engage │
//	                                              │                                              ▼        │
//	reconcilers ◄── OnChange(name)  ◄──────────── │ publish ◄───────────── probe, every ten seconds       │
//	reconcilers ──► Members() ──► snapshot ◄───── │ report ──► MemberCluster.status, if it changed        │
//	                                              └───────────────────────────────────────────────────────┘
//
// # What is promised
//
//   - A member that hangs, refuses, lacks permissions or is gone delays nobody: everything that may wait for it waits in its
//     own goroutine and has a bound. It heals by itself when the cause goes.
//   - Answers is only true of the cluster whose identity was recorded at the first answer (rule A13).
//   - A new kubeconfig replaces the old one once it works; in between the old one serves.
//   - Nothing of a kubeconfig but the fields that kubeconfig.go copies is ever used, and none of its bytes is repeated.
package fleet
