// Package secrets tests what becomes of Secrets: which ones a run gets, what is said of one that is missing, and that the bytes
// of none of them are ever anywhere else.
package secrets
