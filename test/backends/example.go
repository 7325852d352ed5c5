package backends

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Example are the objects of a manifest of docs/examples, read strictly.
type Example struct {
	Config     corev1.ConfigMap
	Deployment appsv1.Deployment
	Service    corev1.Service
}

// ReadExample reads one.
func ReadExample(path string) (e Example, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return e, err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		var kind struct {
			Kind string `json:"kind"`
		}
		into := map[string]any{"Namespace": &corev1.Namespace{}, "ConfigMap": &e.Config, "Deployment": &e.Deployment, "Service": &e.Service}
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return e, err
		}
		if err := yaml.UnmarshalStrict(document, into[kind.Kind]); err != nil {
			return e, fmt.Errorf("%s: %w", kind.Kind, err)
		}
	}
}

// Settings are what the collector reads.
func (e Example) Settings() string { return e.Config.Data["config.yaml"] }

// listens is where a configuration listens: in a pod that is everywhere.
var listens = regexp.MustCompile(`"0\.0\.0\.0:(\d+)"`)

var (
	header      = regexp.MustCompile(`headers: \{\S+ (.*)\}`)
	environment = regexp.MustCompile(`^"\$\{env:[A-Z]+\}"$`)
)

// Problems are what neither a collector nor Kubernetes finds: objects that do not lead to each other, and credentials in the open.
func (e Example) Problems() (all []string) {
	for _, m := range header.FindAllStringSubmatch(e.Settings(), -1) {
		if !environment.MatchString(m[1]) {
			all = append(all, "the header "+m[1]+" is in the open")
		}
	}
	var listening []string
	for _, m := range listens.FindAllStringSubmatch(e.Settings(), -1) {
		listening = append(listening, m[1])
	}
	pod := e.Deployment.Spec.Template
	for _, s := range e.Service.Spec.Ports {
		ports := pod.Spec.Containers[0].Ports
		i := slices.IndexFunc(ports, func(c corev1.ContainerPort) bool { return c.Name == s.TargetPort.StrVal })
		if i < 0 || !slices.Contains(listening, fmt.Sprint(ports[i].ContainerPort)) {
			all = append(all, fmt.Sprintf("nothing listens where the Service leads: no port %d among %v", s.Port, listening))
		}
	}
	volume := pod.Spec.Volumes[0]
	if volume.ConfigMap == nil || volume.ConfigMap.Name != e.Config.Name || e.Service.Spec.Selector["app"] != pod.Labels["app"] {
		all = append(all, "the objects do not name each other")
	}
	return all
}
