package bed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Backup copies what the cluster's etcd has on disk into a new directory, while the cluster is halted.
func (c *Cluster) Backup(ctx context.Context, to string) error {
	c.Halt()
	return errors.Join(os.CopyFS(to, os.DirFS(c.store())), c.Resume(ctx))
}

// Restore gives the cluster's etcd what it had when the backup was made: everything since is lost, resource versions too.
func (c *Cluster) Restore(ctx context.Context, from string) error {
	c.Halt()
	return errors.Join(os.RemoveAll(c.store()), os.CopyFS(c.store(), os.DirFS(from)), c.Resume(ctx))
}

func (c *Cluster) store() string { return filepath.Join(c.Dir(), "etcd") }
