// Package original knows the single-cluster system that Runfleet replaces, as it is found on a hub: its controller's
// Deployment, and the runs that it began. Its group and kinds are ours, so its objects are runs here.
//
//	a run that it never touched      is any other run
//	a run that it began              is left alone while its controller may act, or its Job is at work
//	… and that has ended             is taken over as ended, in one write: it is never executed again by itself
//	… and that is deleted            loses its finalizers once nobody else removes them and no Job of it is at work
//
// Touched, or begun, is what carries one of its finalizers or a status that this operator has not written. It is executed
// here when a person asks anew, by raising spec.contextVersion.
package original
