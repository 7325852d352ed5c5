package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// opensshKey is the beginning of a key of ssh-keygen: what comes behind its cipher is for ssh alone.
func opensshKey(cipher string) []byte {
	body := binary.BigEndian.AppendUint32([]byte(opensshMagic), uint32(len(cipher)))
	return pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: append(append(body, cipher...), make([]byte, 64)...)})
}

func rsaKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func pkcs8(t *testing.T, kind string, key any) []byte {
	t.Helper()
	data, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}

func TestSecretsCreateRefusesWhatCannotBeMeant(t *testing.T) {
	noCluster(t)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	const bytesOf = "c4n4ry"
	files := map[string][]byte{
		"token": []byte("ghp_" + bytesOf + "\n"), "two-lines": []byte(bytesOf + "\n" + bytesOf + "\n"), "blanks": []byte(bytesOf + " " + bytesOf),
		"empty": []byte(" \n"), "huge": []byte(strings.Repeat(bytesOf, 20000)), "pub": []byte("ssh-ed25519 " + bytesOf + " me"),
		"key": opensshKey("none"), "locked": opensshKey("aes256-ctr"), "cut": pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte("open")}),
		"encrypted":   pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte(bytesOf)}),
		"old-locked":  pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte(bytesOf)}),
		"public":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte(bytesOf)}),
		"certificate": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(bytesOf)}),
		"ed25519":     pkcs8(t, "PRIVATE KEY", ed), "ec": pkcs8(t, "EC PRIVATE KEY", ec), "rsa": rsaKey(t),
	}
	directory := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(directory, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const how = "; take it away from a copy with: ssh-keygen -p -N '' -f COPY"
	for name, c := range map[string]struct{ line, says string }{
		"nowhere":                    {"--user u --token-file @token", "say where: --member MEMBER, or --all-members"},
		"everywhere and somewhere":   {"--all-members --member a --user u --token-file @token", "--member and --all-members exclude each other"},
		"nothing":                    {"--member a", "say what to write: --user USER, --app APP or --api-key-file FILE"},
		"a user and an App":          {"--member a --user u --app b --token-file @token", "--user and --app exclude each other: call it once for each"},
		"a token of nobody":          {"--member a --token-file @token", "--ssh-key and --token-file are a user's: add --user USER"},
		"a key of no App":            {"--member a --private-key @rsa --app-id 1", "--app-id and --private-key are an App's: add --app APP"},
		"a user with nothing":        {"--member a --user u --api-key-file @token", "--user needs --ssh-key FILE, --token-file FILE or both"},
		"an App without its number":  {"--member a --app b --private-key @rsa", "--app needs --app-id ID and --private-key FILE"},
		"standard input twice":       {"--member a --user u --token-file - --api-key-file -", "standard input is read once: name a file for the other"},
		"a token as a name":          {"--member a --user ghp_" + bytesOf + "0123 --token-file @token", "--user is a token, and a flag shows it to everybody on this machine: revoke it, and write the name, such as octo-cat"},
		"no name":                    {"--member a --user a--b --token-file @token", `--user "a--b" is no GitHub name: write letters, digits and single hyphens, such as octo-cat`},
		"no number":                  {"--member a --app b --app-id x/y --private-key @rsa", "--app-id must be the App's number, such as 123456, or its client ID: both are on its settings page"},
		"no file":                    {"--member a --user u --token-file @absent", "reading --token-file: open @absent: no such file or directory"},
		"an empty file":              {"--member a --user u --token-file @empty", "--token-file @empty is empty"},
		"a huge file":                {"--member a --user u --token-file @huge", "--token-file @huge has more than 64 KiB: it is no key or token"},
		"two lines":                  {"--member a --user u --token-file @two-lines", "--token-file @two-lines has several lines: it must be the token or key alone, in one line"},
		"blanks":                     {"--member a --api-key-file @blanks", "--api-key-file @blanks has blanks or characters that no token has: it must be the token or key alone, in one line"},
		"a key as a token":           {"--member a --user u --token-file @rsa", "--token-file @rsa holds a private key: it must be a token, in one line"},
		"a token as a key":           {"--member a --user u --ssh-key @token", "--ssh-key @token is no private key in PEM, which begins with -----BEGIN ... PRIVATE KEY-----"},
		"the public key":             {"--member a --user u --ssh-key @pub", "--ssh-key @pub is a public key: name the private one, usually the file of the same name without .pub"},
		"a public key in PEM":        {"--member a --user u --ssh-key @public", "--ssh-key @public is a public key: name the private one"},
		"a certificate":              {"--member a --user u --ssh-key @certificate", "--ssh-key @certificate is no private key: its PEM is of another kind, such as a certificate"},
		"a passphrase of ssh-keygen": {"--member a --user u --ssh-key @locked", "--ssh-key @locked is protected by a passphrase, and nobody is there to type it" + how},
		"a passphrase of PKCS 8":     {"--member a --user u --ssh-key @encrypted", "--ssh-key @encrypted is protected by a passphrase, and nobody is there to type it" + how},
		"a passphrase of old":        {"--member a --user u --ssh-key @old-locked", "--ssh-key @old-locked is protected by a passphrase, and nobody is there to type it" + how},
		"a key that was cut":         {"--member a --user u --ssh-key @cut", "--ssh-key @cut is a key of OpenSSH that was cut or changed"},
		"an App's key that is none":  {"--member a --app b --app-id 1 --private-key @ed25519", "--private-key @ed25519 is no RSA key in PEM: GitHub gives one when a private key is generated in the App's settings"},
		"an ssh key of an App":       {"--member a --app b --app-id 1 --private-key @key", "--private-key @key is no RSA key in PEM: GitHub gives one when a private key is generated in the App's settings"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"secrets", "create"}, strings.Fields(strings.ReplaceAll(c.line, "@", directory+"/"))...)
			got := call(args...)
			got.Stderr = strings.ReplaceAll(got.Stderr, directory+"/", "@")
			if !strings.HasPrefix(got.Stderr, "runfleet: "+c.says+"\n") || got.Code == exitOK || got.Stdout != "" {
				t.Errorf("exit code %d, stdout %q, says\n%snot\n%s", got.Code, got.Stdout, got.Stderr, c.says)
			}
			if strings.Contains(got.Stderr, bytesOf) {
				t.Errorf("it repeats a secret: %s", got.Stderr)
			}
		})
	}
	for name, line := range map[string]string{
		"a token": "--user octo[bot] --token-file @token", "a key of OpenSSH": "--user u --ssh-key @key", "one of PKCS 8": "--user u --ssh-key @ed25519",
		"one of an elliptic curve": "--user u --ssh-key @ec", "both of a user": "--user u_corp --ssh-key @rsa --token-file @token",
		"an App": "--app b --app-id 123456 --private-key @rsa", "an App by its client ID": "--app b --app-id Iv23liABCDEF --private-key @rsa",
		"an API key beside": "--user u --token-file @token --api-key-file @token",
	} {
		t.Run("accepts "+name, func(t *testing.T) {
			args := append([]string{"secrets", "create", "--member", "a"}, strings.Fields(strings.ReplaceAll(line, "@", directory+"/"))...)
			if got := call(args...); got.Code != exitFail || !strings.HasPrefix(got.Stderr, "runfleet: no kubeconfig") {
				t.Errorf("want it to look for the hub, got %+v", got)
			}
		})
	}
}

func TestAServerThatRepeatsASecretIsNotRepeated(t *testing.T) {
	secrets := []secret{{"s", map[string][]byte{"token": []byte("ghp_c4n4ry")}}}
	if got := hide("refused: ghp_c4n4ry\nZ2hwX2M0bjRyeQ==", secrets); got != "refused: (hidden) (hidden)" {
		t.Errorf("got %q", got)
	}
}
