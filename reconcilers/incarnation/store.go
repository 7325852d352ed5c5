package incarnation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// RecordName is the ConfigMap in the operator's namespace that holds the hub's record.
	RecordName = "runfleet-hub"
	// recordKey is the key of it.
	recordKey = "record.json"
	// copyNamespace is where a member keeps its copy. It exists in every cluster, and nobody can delete it.
	copyNamespace = metav1.NamespaceDefault
	copyKey       = "copy.json"
)

// CopyName is the ConfigMap in the namespace default of a member in which it remembers a hub.
func CopyName(hub types.UID) string { return RecordName + "-" + string(hub) }

// stored is the record with the object that holds it.
type stored struct {
	Record
	object  *corev1.ConfigMap
	without []string
}

// Read returns the hub's record and the members that are not waited for. It is NotFound before an operator has run.
func Read(ctx context.Context, reader client.Reader, namespace string) (Record, []string, error) {
	s, err := read(ctx, reader, namespace)
	return s.Record, s.without, err
}

func read(ctx context.Context, reader client.Reader, namespace string) (stored, error) {
	s := stored{object: &corev1.ConfigMap{}}
	if err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: RecordName}, s.object); err != nil {
		return s, fmt.Errorf("reading the hub's record: %w", err)
	}
	if err := json.Unmarshal([]byte(s.object.Data[recordKey]), &s.Record); err != nil {
		return s, fmt.Errorf("reading the hub's record, ConfigMap %s/%s, which nobody should edit: %w", namespace, RecordName, err)
	}
	s.without = Waived(s.object)
	return s, nil
}

// ReadCopy returns what a member remembers of a hub: NotFound where it remembers nothing.
func ReadCopy(ctx context.Context, member client.Reader, hub types.UID) (Copy, error) {
	var c Copy
	var object corev1.ConfigMap
	if err := member.Get(ctx, types.NamespacedName{Namespace: copyNamespace, Name: CopyName(hub)}, &object); err != nil {
		return c, fmt.Errorf("reading what the member remembers of the hub: %w", err)
	}
	if err := json.Unmarshal([]byte(object.Data[copyKey]), &c); err != nil {
		return c, fmt.Errorf("reading what the member remembers of the hub: %w", err)
	}
	return c, nil
}

// Waived are the members that a person does not want to wait for, of the annotation on the record.
func Waived(record *corev1.ConfigMap) []string {
	var names []string
	for name := range strings.SplitSeq(record.Annotations[v1.AnnotationRecoverWithout], ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// read returns what is stored; a record that is not there yet is the first.
func (p *Pulse) read(ctx context.Context) (stored, error) {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	s, err := read(ctx, p.Live, p.Namespace)
	if apierrors.IsNotFound(err) {
		meta := metav1.ObjectMeta{Namespace: p.Namespace, Name: RecordName}
		return stored{Record: first(p.Now()), object: &corev1.ConfigMap{ObjectMeta: meta}}, nil
	}
	return s, err
}

// write stores the record, in the version that was read. With a new incarnation nobody is excused any more.
func (p *Pulse) write(ctx context.Context, s *stored, raised bool) error {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	text, err := json.Marshal(s.Record)
	if err != nil {
		return fmt.Errorf("writing the hub's record down: %w", err)
	}
	next := s.object.DeepCopy()
	next.Data = map[string]string{recordKey: string(text)}
	if raised {
		delete(next.Annotations, v1.AnnotationRecoverWithout)
		s.without = nil
	}
	if next.ResourceVersion == "" {
		err = p.Writer.Create(ctx, next)
	} else {
		err = p.Writer.Update(ctx, next)
	}
	if err != nil {
		return fmt.Errorf("writing the hub's record: %w", err)
	}
	s.object = next
	return nil
}

// kept is what a member remembers; object is nil when it remembers nothing.
type kept struct {
	Copy
	object *corev1.ConfigMap
}

// ask reads what the members remember. One that does not answer is not in the result.
func (p *Pulse) ask(ctx context.Context, members []fleet.Member) map[string]*kept {
	var mu sync.Mutex
	copies := map[string]*kept{}
	p.each(ctx, members, func(ctx context.Context, m fleet.Member) error {
		k := &kept{object: &corev1.ConfigMap{}}
		err := m.Live.Get(ctx, types.NamespacedName{Namespace: copyNamespace, Name: CopyName(p.HubUID)}, k.object)
		switch {
		case apierrors.IsNotFound(err):
			k.object = nil
		case err != nil:
			return err
		case json.Unmarshal([]byte(k.object.Data[copyKey]), &k.Copy) != nil || k.Hub != p.HubUID:
			k.Copy = Copy{} // somebody edited it: it remembers nothing, and is written anew
		}
		mu.Lock()
		defer mu.Unlock()
		copies[m.Name] = k
		return nil
	})
	return copies
}

// hand gives the members that were asked the newest beat to remember.
func (p *Pulse) hand(ctx context.Context, members []fleet.Member, copies map[string]*kept, given Copy) {
	var mu sync.Mutex
	text, err := json.Marshal(given)
	if err != nil {
		return // of strings and numbers
	}
	p.each(ctx, members, func(ctx context.Context, m fleet.Member) error {
		k := copies[m.Name]
		if k == nil {
			return nil
		}
		if err := p.remember(ctx, m, k.object, string(text)); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		p.holds[m.Name] = given.Incarnation
		return nil
	})
}

func (p *Pulse) remember(ctx context.Context, m fleet.Member, was *corev1.ConfigMap, text string) error {
	if was == nil {
		return m.Writer.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: copyNamespace, Name: CopyName(p.HubUID), Labels: map[string]string{v1.LabelHub: string(p.HubUID)},
			},
			Data: map[string]string{copyKey: text},
		})
	}
	next := was.DeepCopy()
	next.Data = map[string]string{copyKey: text}
	return m.Writer.Patch(ctx, next, client.MergeFromWithOptions(was, client.MergeFromWithOptimisticLock{}))
}

// each does something for each member that answers, all at once, and each within the time of a request. The hub as a
// member of itself remembers nothing: what it has was restored with it.
func (p *Pulse) each(ctx context.Context, members []fleet.Member, do func(context.Context, fleet.Member) error) {
	var all sync.WaitGroup
	for _, m := range members {
		if !m.Answers || m.UID == p.HubUID {
			continue
		}
		ask := func() {
			bounded, cancel := context.WithTimeout(ctx, p.RequestTimeout)
			defer cancel()
			if err := do(bounded, m); err != nil && !errors.Is(err, context.Canceled) {
				log.FromContext(ctx).Info("Comparing a member without an answer", "cluster", m.Name, "error", err.Error())
			}
		}
		if p.OneByOne {
			ask()
		} else {
			all.Go(ask)
		}
	}
	all.Wait()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
