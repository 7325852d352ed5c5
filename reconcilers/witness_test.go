package reconcilers

import (
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestAgentsThatAreOverForEverybodyAreNoneTooMany(t *testing.T) {
	pod := func(attempt string) *corev1.Pod {
		p := &corev1.Pod{}
		p.Labels = map[string]string{v1.LabelAttempt: attempt}
		return p
	}
	attempts := []v1.Attempt{
		{Number: 1, EndedBy: v1.EndFenced}, {Number: 2, EndedBy: v1.EndAbandoned}, {Number: 3, EndedBy: v1.EndJobFinished}, {Number: 4},
	}
	for name, c := range map[string]struct {
		pods []*corev1.Pod
		want int
	}{
		"one":                            {[]*corev1.Pod{pod("4")}, 0},
		"two of one attempt":             {[]*corev1.Pod{pod("4"), pod("4")}, 1},
		"one of an attempt that ended":   {[]*corev1.Pod{pod("3"), pod("4")}, 1},
		"one of an attempt nobody knows": {[]*corev1.Pod{pod("7"), pod("4")}, 1},
		"three":                          {[]*corev1.Pod{pod("3"), pod("4"), pod("7")}, 2},
		"one beside a fenced one":        {[]*corev1.Pod{pod("1"), pod("4")}, 0},
		"one beside one vouched for":     {[]*corev1.Pod{pod("2"), pod("4")}, 0},
		"only such as are over":          {[]*corev1.Pod{pod("1"), pod("2")}, 0},
	} {
		if got := beyondOne(c.pods, attempts); got != c.want {
			t.Errorf("%s: want %d, got %d", name, c.want, got)
		}
	}
}
