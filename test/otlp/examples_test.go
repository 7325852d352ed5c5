package otlp_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// pipelines is the configuration of the OpenTelemetry Collector, which is Jaeger's too, as far as the examples use it: what is
// not here is a mistake, or must be looked up and added.
type pipelines struct {
	Receivers struct {
		OTLP *struct {
			Protocols map[string]address `json:"protocols"` // grpc and http
		} `json:"otlp"`
	} `json:"receivers"`
	Processors struct {
		Batch *struct {
			Timeout string `json:"timeout"`
		} `json:"batch"`
		MemoryLimiter *struct {
			CheckInterval string `json:"check_interval"`
			LimitMiB      int    `json:"limit_mib"`
		} `json:"memory_limiter"`
	} `json:"processors"`
	Exporters struct {
		OTLPHTTP *struct {
			Endpoint string            `json:"endpoint"`
			Headers  map[string]string `json:"headers"`
		} `json:"otlphttp"`
		Debug *struct {
			Verbosity string `json:"verbosity"`
		} `json:"debug"`
		Jaeger *struct {
			TraceStorage string `json:"trace_storage"`
		} `json:"jaeger_storage_exporter"`
	} `json:"exporters"`
	Extensions struct {
		JaegerStorage *struct {
			Backends map[string]struct {
				Memory struct {
					MaxTraces int `json:"max_traces"`
				} `json:"memory"`
			} `json:"backends"`
		} `json:"jaeger_storage"`
		JaegerQuery *struct {
			Storage struct {
				Traces string `json:"traces"`
			} `json:"storage"`
			HTTP address `json:"http"`
		} `json:"jaeger_query"`
	} `json:"extensions"`
	Service struct {
		Extensions []string `json:"extensions"`
		Pipelines  map[string]struct {
			Receivers  []string `json:"receivers"`
			Processors []string `json:"processors"`
			Exporters  []string `json:"exporters"`
		} `json:"pipelines"`
	} `json:"service"`
}

type address struct {
	Endpoint string `json:"endpoint"`
}

// example are the objects of one, read strictly.
type example struct {
	config     corev1.ConfigMap
	deployment appsv1.Deployment
	service    corev1.Service
}

func readExample(path string) (e example, err error) {
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
		into := map[string]any{"Namespace": &corev1.Namespace{}, "ConfigMap": &e.config, "Deployment": &e.deployment, "Service": &e.service}
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return e, err
		}
		if err := yaml.UnmarshalStrict(document, into[kind.Kind]); err != nil {
			return e, fmt.Errorf("%s: %w", kind.Kind, err)
		}
	}
}

func TestTheExamplesOfCollectorsFitTogether(t *testing.T) {
	for _, name := range []string{"jaeger", "collector"} {
		e, err := readExample("../../docs/examples/" + name + ".yaml")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, problem := range e.problems() {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestAMistakeInAnExampleIsFound(t *testing.T) {
	for _, c := range []struct{ old, is, want string }{
		{"verbosity: basic", "verbosty: basic", "unknown field"},
		{"processors: [memory_limiter, batch], exporters: [otlphttp, debug]", "processors: [memory_limiter, batch], exporters: [otlp]", "no exporter otlp"},
		{`"0.0.0.0:4318"`, `"0.0.0.0:4319"`, "no port 4318"},
		{"${env:AUTHORIZATION}", "Bearer abc", "in the open"},
	} {
		e, err := readExample("../../docs/examples/collector.yaml")
		if err != nil {
			t.Fatal(err)
		}
		e.config.Data["config.yaml"] = strings.Replace(e.config.Data["config.yaml"], c.old, c.is, 1)
		got := strings.Join(e.problems(), "\n")
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, got %q", c.is, c.want, got)
		}
	}
}

// problems are what a collector, or Kubernetes, would make of the example.
func (e example) problems() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	var p pipelines
	if err := yaml.UnmarshalStrict([]byte(e.config.Data["config.yaml"]), &p); err != nil {
		return []string{err.Error()}
	}
	var whole map[string]map[string]any
	if err := yaml.Unmarshal([]byte(e.config.Data["config.yaml"]), &whole); err != nil {
		return []string{err.Error()}
	}
	defined := func(kind string, names []string) {
		for _, n := range names {
			if _, ok := whole[kind+"s"][n]; !ok {
				say("there is no %s %s", kind, n)
			}
		}
	}
	defined("extension", p.Service.Extensions)
	for signal, line := range p.Service.Pipelines {
		if !slices.Contains([]string{"traces", "metrics", "logs"}, signal) {
			say("%s is no signal", signal)
		}
		defined("receiver", line.Receivers)
		defined("processor", line.Processors)
		defined("exporter", line.Exporters)
	}
	if p.Exporters.OTLPHTTP != nil {
		for name, value := range p.Exporters.OTLPHTTP.Headers {
			if !regexp.MustCompile(`^\$\{env:[A-Z]+\}$`).MatchString(value) {
				say("the header %s is in the open", name)
			}
		}
	}
	if q := p.Extensions.JaegerQuery; q != nil {
		if _, ok := p.Extensions.JaegerStorage.Backends[q.Storage.Traces]; !ok || p.Exporters.Jaeger.TraceStorage != q.Storage.Traces {
			say("what is stored is not what is asked for")
		}
	}
	return append(all, e.ports(p)...)
}

// ports are problems of the way from the Service to where the configuration listens.
func (e example) ports(p pipelines) (all []string) {
	var listening []string
	for _, a := range p.Receivers.OTLP.Protocols {
		_, port, _ := net.SplitHostPort(a.Endpoint)
		listening = append(listening, port)
	}
	if q := p.Extensions.JaegerQuery; q != nil {
		_, port, _ := net.SplitHostPort(q.HTTP.Endpoint)
		listening = append(listening, port)
	}
	for _, s := range e.service.Spec.Ports {
		container := e.deployment.Spec.Template.Spec.Containers[0].Ports
		i := slices.IndexFunc(container, func(c corev1.ContainerPort) bool { return c.Name == s.TargetPort.StrVal })
		if i < 0 || !slices.Contains(listening, fmt.Sprint(container[i].ContainerPort)) {
			all = append(all, fmt.Sprintf("nothing listens where the Service leads: no port %d among %v", s.Port, listening))
		}
	}
	volume := e.deployment.Spec.Template.Spec.Volumes[0]
	labels := e.deployment.Spec.Template.Labels
	if volume.ConfigMap == nil || volume.ConfigMap.Name != e.config.Name || e.service.Spec.Selector["app"] != labels["app"] {
		all = append(all, "the objects do not name each other")
	}
	return all
}
