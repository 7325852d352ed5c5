package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
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

func TestACertificateSaysHowLongItIsValid(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := lifetime{from: time.Unix(1000, 0).UTC(), until: time.Unix(4600, 0).UTC()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: want.from, NotAfter: want.until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der[1:]})
	for name, c := range map[string]struct {
		config rest.Config
		want   lifetime
	}{
		"a certificate":              {rest.Config{TLSClientConfig: rest.TLSClientConfig{CertData: certificate}}, want},
		"a token that goes first":    {rest.Config{BearerToken: "secret", TLSClientConfig: rest.TLSClientConfig{CertData: certificate}}, lifetime{}},
		"what is no certificate":     {rest.Config{TLSClientConfig: rest.TLSClientConfig{CertData: []byte("secret")}}, lifetime{}},
		"one whose bytes are broken": {rest.Config{TLSClientConfig: rest.TLSClientConfig{CertData: broken}}, lifetime{}},
		"nothing":                    {rest.Config{}, lifetime{}},
	} {
		if diff := cmp.Diff(c.want, lifetimeOf(&c.config), cmp.AllowUnexported(lifetime{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
