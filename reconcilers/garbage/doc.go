// Package garbage knows what lies on members and why, and clears away what no run accounts for (rule O).
//
//	member ──► Look ──► objects ──► Sort ──► inert: suspended and finished Jobs, ended pods, inputs   ──► Sweeper deletes
//	                      │                  live:  an agent that executes or may                     ──► Sweeper says so
//	                      │
//	hub ────► runs ───────┴──► Audit ──► why each object is still there                               ──► runfleet orphans
//
// Unknown is not absent. A run is gone when the hub itself has just said so, after the object was seen: UIDs never come
// back, so an answer in that order stays true. What is deleted was seen by the member itself, after that, and the request
// names UID and version.
package garbage
