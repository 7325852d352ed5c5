//go:build e2e

package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// scenes are the namespaces that the spec under way has made.
var scenes []string

// What shows why a spec has failed is written beside the operator's logs before anything of it is cleaned up.
var _ = JustAfterEach(func(ctx SpecContext) {
	names := scenes
	scenes = nil
	if report := CurrentSpecReport(); report.Failed() {
		e := &evidence{dir: filepath.Join(program.Dir, slug(report.LeafNodeText))}
		e.collect(ctx, names, report.StartTime)
		AddReportEntry("logs, objects and transcripts are below " + program.Dir)
	}
}, NodeTimeout(2*time.Minute))

var other = regexp.MustCompile(`[^a-z0-9]+`)

func slug(text string) string {
	text = strings.Trim(other.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return text[:min(len(text), 60)]
}

// evidence writes files into a directory. What cannot be had is told in one of them: a spec may have failed just because a
// member does not answer.
type evidence struct {
	dir  string
	errs []error
}

func (e *evidence) collect(ctx context.Context, namespaces []string, since time.Time) {
	for _, name := range namespaces {
		e.objects(ctx, hub, name, &v1.DocsRunList{}, &v1.CodeRunList{}, &coordinationv1.LeaseList{}, &corev1.EventList{}, &corev1.ConfigMapList{})
		for _, member := range byName {
			e.objects(ctx, member, name, &batchv1.JobList{}, &corev1.PodList{}, &corev1.ConfigMapList{}, &corev1.PersistentVolumeClaimList{}, &corev1.EventList{})
			e.transcripts(ctx, member, name)
		}
	}
	e.objects(ctx, hub, "", &v1.MemberClusterList{})
	e.objects(ctx, hub, v1.SystemNamespace, &appsv1.DeploymentList{}, &corev1.PodList{}, &coordinationv1.LeaseList{}, &corev1.EventList{}, &eventsv1.EventList{})
	for i, r := range mind.Requests() {
		if r.Began.After(since) {
			e.write(fmt.Sprintf("model/%03d-%s-%d.json", i, r.Play, r.Turn), r.Body)
			r.Body = nil
			e.text("model/requests.txt", fmt.Sprintf("%03d %+v\n", i, r))
		}
	}
	e.text("forge.txt", strings.Join(repos.Calls(), "\n")+"\n")
	for _, name := range namespaces {
		said, err := json.MarshalIndent(repos.Pulls("octo/"+name), "", "  ")
		e.errs = append(e.errs, err)
		e.text("forge.txt", string(said)+"\n")
	}
	if err := errors.Join(e.errs...); err != nil {
		_ = os.WriteFile(filepath.Join(e.dir, "errors.txt"), []byte(err.Error()), 0o600)
	}
}

// objects writes those of some kinds, of which Secret is none, each kind into a file.
func (e *evidence) objects(ctx context.Context, on *bed.Cluster, namespace string, kinds ...client.ObjectList) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, list := range kinds {
		e.errs = append(e.errs, on.List(ctx, list, client.InNamespace(namespace)), meta.EachListItem(list, func(o runtime.Object) error {
			if object, err := meta.Accessor(o); err == nil {
				object.SetManagedFields(nil)
			}
			text, err := yaml.Marshal(o)
			kind := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", o), "*v1."))
			e.text(filepath.Join(on.Name(), namespace, kind+".yaml"), string(text)+"---\n")
			return err
		}))
	}
}

// transcripts writes what the agents have said, of every pod that is still there.
func (e *evidence) transcripts(ctx context.Context, member *bed.Cluster, namespace string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	pods := &corev1.PodList{}
	clientset, err := kubernetes.NewForConfig(member.Admin)
	e.errs = append(e.errs, err, member.List(ctx, pods, client.InNamespace(namespace)))
	for _, pod := range pods.Items {
		stream, err := clientset.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{}).Stream(ctx)
		if err != nil {
			e.errs = append(e.errs, err)
			continue
		}
		said, err := io.ReadAll(stream)
		e.errs = append(e.errs, err, stream.Close())
		e.write(filepath.Join(member.Name(), namespace, pod.Name+".log"), said)
	}
}

func (e *evidence) text(name, text string) { e.write(name, []byte(text)) }

// write appends to a file.
func (e *evidence) write(name string, data []byte) {
	path := filepath.Join(e.dir, name)
	e.errs = append(e.errs, os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	e.errs = append(e.errs, err)
}
