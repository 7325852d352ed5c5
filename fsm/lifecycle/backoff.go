package lifecycle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Backoff is the wait before the k-th retry (k from 1): base doubled k-1 times, at most max, spread over 75 % to 125 %
// by the run's UID and attempt. The same run waits the same time whoever computes it, and runs that failed together
// do not come back together. Never more than BackoffMax.
func (l Lifecycle) Backoff(uid types.UID, attempt, k int32) time.Duration {
	d := l.BackoffBase
	for i := int32(1); i < k && d < l.BackoffMax; i++ {
		d *= 2
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", uid, attempt))
	spread := float64(binary.BigEndian.Uint16(sum[:2])) / math.MaxUint16
	return min(time.Duration(float64(d)*(0.75+spread/2)), l.BackoffMax)
}
