package v1

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// UnmarshalJSON reads the times that the original's last controllers wrote too: they have as many digits as they like, and a
// MicroTime has exactly six. A list of runs is read as a whole, so that one such time would keep all runs from being read.
func (s *RunStatus) UnmarshalJSON(data []byte) error {
	type plain RunStatus
	read := struct {
		*plain

		FinishedAt *metav1.Time `json:"finishedAt"`
		ExpireAt   *metav1.Time `json:"expireAt"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	s.FinishedAt, s.ExpireAt = microOr(read.FinishedAt, s.FinishedAt), microOr(read.ExpireAt, s.ExpireAt)
	return nil
}

func microOr(at *metav1.Time, otherwise *metav1.MicroTime) *metav1.MicroTime {
	if at == nil {
		return otherwise
	}
	return new(metav1.NewMicroTime(at.Time))
}
