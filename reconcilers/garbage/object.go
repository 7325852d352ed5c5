package garbage

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The kinds of objects that Runfleet makes on members.
const (
	Job       = "Job"
	Pod       = "Pod"
	ConfigMap = "ConfigMap"
	Volume    = "PersistentVolumeClaim"
)

// State says what an object may still do.
type State string

const (
	// Inert can execute nothing: inputs and workspaces.
	Inert State = ""
	// Suspended is a Job that was never resumed, or has no pod.
	Suspended State = "suspended"
	// Running executes, or may: a Job that was resumed and has not ended, a pod that has not.
	Running State = "running"
	// Finished is over: a Job that is Complete or Failed and has no pod left that executes, a pod that Succeeded or Failed.
	Finished State = "finished"
)

// Object is one object on a member that carries Runfleet's label.
type Object struct {
	Member          string
	Kind            string
	Namespace, Name string
	UID             types.UID
	ResourceVersion string
	Created         time.Time
	Deleting        bool
	State           State

	Hub     types.UID // whose it is; "" where it says nothing
	Run     types.UID // "" for a workspace, which belongs to a service
	Attempt int32     // 0 where no label says it
	Home    Home      // the zero value where no annotation says it

	// Owner is the Job that a pod goes with.
	Owner types.UID
	// Ends is when the member ends what is Running, whatever happens to the hub. Zero where it does not say.
	Ends time.Time
}

// Home says which run an object belongs to. Anybody on the member can write it: it names a run to look for, and the
// label with the run's UID decides.
type Home struct{ Kind, Namespace, Name string }

func (h Home) String() string { return strings.ToLower(h.Kind) + "/" + h.Name }

// ParseHome reads the annotation [v1.AnnotationHome]. It returns the zero value for what is not a run's home.
func ParseHome(s string) Home {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] != "DocsRun" && parts[0] != "CodeRun" || parts[1] == "" || parts[2] == "" {
		return Home{}
	}
	return Home{Kind: parts[0], Namespace: parts[1], Name: parts[2]}
}

// Told says that the object tells whose it is, without contradicting itself: only then anything can be concluded from the
// absence of its run. A copy that somebody made in another namespace does not.
func (o Object) Told() bool {
	return o.Hub != "" && o.Run != "" && o.Attempt > 0 && o.Home.Namespace == o.Namespace
}

// EndCommand is what ends a live object, in the words of kubectl. It is to be called against the object's member.
func (o Object) EndCommand() string {
	return fmt.Sprintf("kubectl -n %s delete %s %s", o.Namespace, strings.ToLower(o.Kind), o.Name)
}

func describe(member, kind string, o metav1.Object) Object {
	n, err := strconv.ParseInt(o.GetLabels()[v1.LabelAttempt], 10, 32)
	if err != nil || n < 1 {
		n = 0
	}
	return Object{
		Member: member, Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID(),
		ResourceVersion: o.GetResourceVersion(), Created: o.GetCreationTimestamp().Time, Deleting: o.GetDeletionTimestamp() != nil,
		Hub: types.UID(o.GetLabels()[v1.LabelHub]), Run: types.UID(o.GetLabels()[v1.LabelRunUID]), Attempt: int32(n),
		Home: ParseHome(o.GetAnnotations()[v1.AnnotationHome]),
	}
}

func ofJob(member string, j *batchv1.Job) Object {
	o := describe(member, Job, j)
	o.State = jobState(j)
	if j.Status.StartTime != nil && j.Spec.ActiveDeadlineSeconds != nil {
		o.Ends = j.Status.StartTime.Add(time.Duration(*j.Spec.ActiveDeadlineSeconds) * time.Second)
	}
	return o
}

// jobState trusts neither a condition nor the switch while pods are counted: members older than the Terminating count say
// Failed too early, and a Job that somebody suspended is ending its pods.
func jobState(j *batchv1.Job) State {
	ended := slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
	switch {
	case j.Status.Active > 0 || j.Status.Terminating != nil && *j.Status.Terminating > 0:
		return Running
	case ended:
		return Finished
	case j.Spec.Suspend != nil && *j.Spec.Suspend:
		return Suspended
	default:
		return Running
	}
}

func ofPod(member string, p *corev1.Pod) Object {
	o := describe(member, Pod, p)
	o.State = Running
	if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		o.State = Finished
	}
	if owner := metav1.GetControllerOf(p); owner != nil {
		o.Owner = owner.UID
	}
	if p.Status.StartTime != nil && p.Spec.ActiveDeadlineSeconds != nil {
		o.Ends = p.Status.StartTime.Add(time.Duration(*p.Spec.ActiveDeadlineSeconds) * time.Second)
	}
	return o
}

// byPlace is the order of tables: member, namespace, run and attempt together, a Job before what goes with it.
func byPlace(a, b Object) int {
	kinds := []string{Volume, Job, Pod, ConfigMap}
	return cmp.Or(
		strings.Compare(a.Member, b.Member), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Home.String(), b.Home.String()),
		strings.Compare(string(a.Run), string(b.Run)), cmp.Compare(a.Attempt, b.Attempt),
		cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), strings.Compare(a.Name, b.Name),
	)
}
