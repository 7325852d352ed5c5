package garbage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Look lists what of Runfleet's lies on a member, of whichever hub. timeout bounds each of its requests. An error means
// that nothing is known: what was listed before it is not returned.
func Look(ctx context.Context, member string, from client.Reader, timeout time.Duration, which ...client.ListOption) ([]Object, error) {
	l := looking{member: member, from: from, timeout: timeout, which: append([]client.ListOption{managed}, which...)}
	for _, list := range []func(context.Context) error{l.jobs, l.pods, l.metadata(ConfigMap), l.metadata(Volume)} {
		if err := list(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(l.found, byPlace)
	return l.found, nil
}

// LookFor lists what lies on a member of one run.
func LookFor(ctx context.Context, member string, from client.Reader, timeout time.Duration, namespace string, run types.UID,
) ([]Object, error) {
	return Look(ctx, member, from, timeout, client.InNamespace(namespace), client.MatchingLabels{v1.LabelRunUID: string(run)})
}

var managed = client.MatchingLabels{v1.LabelManaged: "true"}

// lookAcross lists the objects of one hub that belong to runs, by their metadata alone: enough to see whose they are, whatever
// lies on the member.
func lookAcross(ctx context.Context, member string, from client.Reader, timeout time.Duration, hub types.UID) ([]Object, error) {
	ofHub := client.MatchingLabels{v1.LabelHub: string(hub)}
	l := looking{member: member, from: from, timeout: timeout, which: []client.ListOption{managed, ofHub}}
	for _, kind := range []string{Job, Pod, ConfigMap} {
		if err := l.metadata(kind)(ctx); err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

// looking is one look.
type looking struct {
	member  string
	from    client.Reader
	timeout time.Duration
	which   []client.ListOption
	found   []Object
}

func (l *looking) list(ctx context.Context, kind string, list client.ObjectList) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if err := l.from.List(ctx, list, l.which...); err != nil {
		return fmt.Errorf("listing the %ss on member %s: %w", kind, l.member, err)
	}
	return nil
}

func (l *looking) jobs(ctx context.Context) error {
	var list batchv1.JobList
	err := l.list(ctx, Job, &list)
	for i := range list.Items {
		l.found = append(l.found, ofJob(l.member, &list.Items[i]))
	}
	return err
}

func (l *looking) pods(ctx context.Context) error {
	var list corev1.PodList
	err := l.list(ctx, Pod, &list)
	for i := range list.Items {
		l.found = append(l.found, ofPod(l.member, &list.Items[i]))
	}
	return err
}

// metadata lists a kind without the contents: inputs may be long, and are none of our business here.
func (l *looking) metadata(kind string) func(context.Context) error {
	return func(ctx context.Context) error {
		var list metav1.PartialObjectMetadataList
		version := corev1.SchemeGroupVersion
		if kind == Job {
			version = batchv1.SchemeGroupVersion
		}
		list.SetGroupVersionKind(version.WithKind(kind + "List"))
		err := l.list(ctx, kind, &list)
		for i := range list.Items {
			l.found = append(l.found, describe(l.member, kind, &list.Items[i]))
		}
		return err
	}
}
