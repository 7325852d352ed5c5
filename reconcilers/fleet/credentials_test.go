package fleet

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheCountdownIsCoarse(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for left, want := range map[time.Duration]string{
		30 * 24 * time.Hour: "30d", 30*24*time.Hour - 1: "29d", 48 * time.Hour: "2d", 48*time.Hour - 1: "47h", time.Hour: "1h",
		time.Hour - 1: "<1h", 1: "<1h", 0: "expired", -time.Hour: "expired",
	} {
		if got := Left(now.Add(left), now); got != want {
			t.Errorf("%v: want %s, got %s", left, want, got)
		}
	}
	if got := Left(time.Time{}, now); got != "" {
		t.Errorf("what never ends has no countdown, got %s", got)
	}
}

func TestATokenSaysHowLongItIsValid(t *testing.T) {
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	for name, c := range map[string]struct {
		token string
		want  lifetime
	}{
		"a bound token": {
			token(`{"iat":1000,"exp":4600,"sub":"system:serviceaccount:runfleet-system:runfleet"}`),
			lifetime{time.Unix(1000, 0), time.Unix(4600, 0), "system:serviceaccount:runfleet-system:runfleet"},
		},
		"one of a Secret, which never ends": {token(`{"sub":"system:serviceaccount:a:b"}`), lifetime{}},
		"one that ends before it begins":    {token(`{"iat":5,"exp":4}`), lifetime{}},
		"no JSON":                           {token(`{`), lifetime{}},
		"three words":                       {"a.$.c", lifetime{}},
		"a word":                            {"secret", lifetime{}},
	} {
		got := tokenLifetime(c.token)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(lifetime{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	half := lifetime{from: time.Unix(1000, 0), until: time.Unix(4600, 0)}.half()
	if !half.Equal(time.Unix(2800, 0)) {
		t.Errorf("half of it is over at %v", half)
	}
}
