// Package forge serves git repositories as a forge does: over HTTPS with a CA of its own, over SSH by the real sshd, and with
// the few calls of GitHub's REST API that agents make. All of it lives in one directory and listens on one address.
package forge
