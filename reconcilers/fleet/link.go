package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
)

// link is one connection to a member: its clients and its caches, from open to close.
type link struct {
	*connection
	cluster *engaged
	version rest.Interface  // asks for what is not an object
	ctx     context.Context //nolint:containedctx // a link is the life of its context: multicluster-runtime wants it in Engage
	cancel  context.CancelFunc

	lookup  bool       // what spec.secretLookup needs was asked for in the last preflight
	uid     types.UID  // of kube-system, as it answered first
	refused chan error // the first definite refusal that an informer met
	indexed int        // how many of Provider.indexes its caches have
}

// open makes the clients. It sends nothing.
func open(ctx context.Context, c *connection, more []index) (*link, *trouble) {
	l := &link{connection: c, refused: make(chan error, 1), indexed: len(more)}
	made, err := cluster.New(c.config, func(o *cluster.Options) {
		o.Scheme = memberScheme
		o.MapperProvider = mapper
		o.Cache = l.cacheOptions()
	})
	if err == nil {
		err = addIndexes(ctx, made, append(indexes(), more...))
	}
	if err == nil {
		l.version, err = versionClient(c.config, made)
	}
	if err != nil {
		return nil, troubled(v1.ReasonKubeconfigRefused, "the kubeconfig cannot be used: %v", err)
	}
	l.cluster = engage(made)
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l, nil
}

func addIndexes(ctx context.Context, c cluster.Cluster, all []index) error {
	for _, i := range all {
		if err := c.GetFieldIndexer().IndexField(ctx, i.object, i.field, i.extract); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", i.object, i.field, err)
		}
	}
	return nil
}

func versionClient(c *rest.Config, made cluster.Cluster) (rest.Interface, error) {
	c = rest.CopyConfig(c)
	c.NegotiatedSerializer = serializer.NewCodecFactory(memberScheme).WithoutConversion()
	return rest.UnversionedRESTClientForConfigAndClient(c, made.GetHTTPClient())
}

// cacheOptions limit the cache to what is ours on the member, and that to what is read.
func (l *link) cacheOptions() cache.Options {
	ours := labels.SelectorFromSet(labels.Set{v1.LabelManaged: "true"})
	return cache.Options{
		ReaderFailOnMissingInformer: true, // else the first Get of another kind would begin to watch all of it
		DefaultTransform:            slimMetadata,
		DefaultWatchErrorHandler:    l.onWatchError,
		ByObject: map[client.Object]cache.ByObject{
			&batchv1.Job{}:                  {Label: ours, Transform: slimJob},
			&corev1.Pod{}:                   {Label: ours, Transform: slimPod},
			&corev1.ConfigMap{}:             {Label: ours, Transform: slimMetadata},
			&corev1.PersistentVolumeClaim{}: {Label: ours, Transform: slimMetadata},
		},
	}
}

// onWatchError hears why an informer stopped listing or watching; it tries again by itself. What is refused for good is
// a reason to ask for the permissions again, and while the link is being prepared, to give up early.
func (l *link) onWatchError(_ context.Context, _ *toolscache.Reflector, err error) {
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) {
		select {
		case l.refused <- err:
		default:
		}
	}
}

// identify asks who answers. It is the probe too: one small request that a healthy API server always serves.
func (l *link) identify(ctx context.Context, timeout time.Duration) (types.UID, *trouble) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	kubeSystem := metadataOf("Namespace")
	if err := l.cluster.GetAPIReader().Get(ctx, client.ObjectKey{Name: "kube-system"}, kubeSystem); err != nil {
		return "", onRequest("reading its identity (namespace kube-system)", l.config.Host, err)
	}
	return kubeSystem.UID, nil
}

// askVersion asks for the version of the API server; "" when it does not say.
func (l *link) askVersion(ctx context.Context, timeout time.Duration) string {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	body, err := l.version.Get().AbsPath("/version").DoRaw(ctx)
	if err != nil || json.Unmarshal(body, &version) != nil || len(version.GitVersion) > 64 {
		return ""
	}
	return version.GitVersion
}

// preflight asks for the permissions.
func (l *link) preflight(ctx context.Context, timeout time.Duration) *trouble {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return preflight(ctx, l.cluster.GetClient(), l.config.Host, l.lookup)
}

// prepare asks for the permissions, starts the caches and returns when they hold everything: from then on Engage has
// nothing to wait for. Closing the link cuts it short. running counts what goes on until the link is closed.
func (l *link) prepare(request, patience time.Duration, running *sync.WaitGroup) *trouble {
	if t := l.preflight(l.ctx, request); t != nil {
		return t
	}
	synced := make([]toolscache.DoneChecker, 0, len(watched()))
	for _, o := range watched() {
		i, err := l.cluster.GetCache().GetInformer(l.ctx, o)
		if err != nil {
			return troubled(v1.ReasonPreflightFailed, "watching %T: %v", o, err)
		}
		synced = append(synced, i.HasSyncedChecker())
	}
	running.Go(func() { _ = l.cluster.Start(l.ctx) })
	return l.await(synced, patience)
}

func (l *link) await(synced []toolscache.DoneChecker, timeout time.Duration) *trouble {
	ctx, cancel := context.WithTimeout(l.ctx, timeout)
	defer cancel()
	for _, s := range synced {
		select {
		case <-s.Done():
		case err := <-l.refused:
			return onRequest("filling the caches", l.config.Host, err)
		case <-ctx.Done():
			return onRequest("filling the caches", l.config.Host, ctx.Err())
		}
	}
	return nil
}

// close ends the caches, and with them whatever was engaged with this link.
func (l *link) close() {
	if l != nil {
		l.cancel()
	}
}
