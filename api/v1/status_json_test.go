package v1

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAStatusIsReadWithTimesOfTheOriginal(t *testing.T) {
	at := time.Date(2025, 8, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		json string
		want RunStatus
	}{
		"whole seconds": {`{"phase":"Succeeded","finishedAt":"2025-08-01T12:00:00Z"}`, RunStatus{
			Phase: PhaseSucceeded, FinishedAt: new(metav1.NewMicroTime(at)),
		}},
		"nanoseconds and an offset": {`{"expireAt":"2025-08-01T14:00:00.000000001+02:00"}`, RunStatus{
			ExpireAt: new(metav1.NewMicroTime(at.Add(1))),
		}},
		"null is none":     {`{"finishedAt":null,"expireAt":null,"attempt":2}`, RunStatus{Attempt: 2}},
		"without a time":   {`{"jobName":"a"}`, RunStatus{JobName: "a"}},
		"ours as we do it": {`{"finishedAt":"2025-08-01T12:00:00.000000Z"}`, RunStatus{FinishedAt: new(metav1.NewMicroTime(at))}},
	} {
		t.Run(name, func(t *testing.T) {
			var got RunStatus
			if err := json.Unmarshal([]byte(c.json), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if data, err := json.Marshal(got); err != nil || json.Unmarshal(data, &got) != nil {
				t.Errorf("it cannot be read back: %s, %v", data, err)
			}
		})
	}
	var got RunStatus
	if err := json.Unmarshal([]byte(`{"finishedAt":"yesterday"}`), &got); err == nil {
		t.Error("yesterday is a time")
	}
}
