package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// secretBytes bounds a key or token.
const secretBytes = 64 << 10

// readSecret reads a file and checks what is in it. No error repeats any of it.
func readSecret(flag, file string, stdin io.Reader, check func([]byte) ([]byte, error)) ([]byte, error) {
	text, err := readFile(file, stdin, secretBytes)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", flag, err)
	}
	from := flag + " " + shown(file)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, usagef("%s is empty", from)
	case len(text) > secretBytes:
		return nil, usagef("%s has more than 64 KiB: it is no key or token", from)
	}
	if text, err = check(text); err != nil {
		return nil, usagef("%s %w", from, err)
	}
	return text, nil
}

var (
	// name is what the API takes for githubUser and githubApp.
	name = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?(\[bot\])?$`)
	// token is how the tokens of GitHub begin.
	token = regexp.MustCompile(`^\s*(?i:gh[oprsu]_|github_pat_)`)
	// publicKey is how the line of a public SSH key begins.
	publicKey = regexp.MustCompile(`^(ssh|ecdsa|sk)-`)
	// id is the number of an App, or its client ID, which GitHub takes too.
	id = regexp.MustCompile(`^([0-9]{1,20}|Iv[0-9A-Za-z.]{6,40})$`)
)

func githubName(flag, value string) error {
	switch {
	case value == "":
		return nil
	case token.MatchString(value):
		return usagef("%s is a token, and a flag shows it to everybody on this machine: revoke it, and write the name, such as octo-cat",
			flag)
	case !name.MatchString(value) || len(value) > 44:
		return usagef("%s %q is no GitHub name: write letters, digits and single hyphens, such as octo-cat", flag, value)
	}
	return nil
}

func appID(value string) error {
	if value == "" || id.MatchString(value) {
		return nil
	}
	return usagef("--app-id must be the App's number, such as 123456, or its client ID: both are on its settings page")
}

// oneWord is a token or key of one line. The end of that line is not a part of it.
func oneWord(text []byte) ([]byte, error) {
	word := bytes.TrimSpace(text)
	switch {
	case bytes.Contains(word, []byte("PRIVATE KEY")):
		return nil, errors.New("holds a private key: it must be a token, in one line")
	case bytes.ContainsAny(word, "\r\n"):
		return nil, errors.New("has several lines: it must be the token or key alone, in one line")
	case bytes.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("has blanks or characters that no token has: it must be the token or key alone, in one line")
	}
	return word, nil
}

// sshKey is a private key without a passphrase, as ssh reads it: with LF at its ends, and one at the last line.
func sshKey(text []byte) ([]byte, error) {
	text = append(bytes.TrimRight(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), "\n"), '\n')
	_, err := privateKey(text)
	return text, err
}

// appKey is a key as GitHub gives to an App.
func appKey(text []byte) ([]byte, error) {
	block, err := privateKey(text)
	if err != nil {
		return nil, err
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return text, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if _, ok := key.(*rsa.PrivateKey); ok {
			return text, nil
		}
	}
	return nil, errors.New("is no RSA key in PEM: GitHub gives one when a private key is generated in the App's settings")
}

// opensshMagic begins a key of ssh-keygen; the name of its cipher follows.
const opensshMagic = "openssh-key-v1\x00"

// privateKey finds a private key in PEM that needs no passphrase: nobody is there to type it.
func privateKey(text []byte) (*pem.Block, error) {
	const how = "; take it away from a copy with: ssh-keygen -p -N '' -f COPY"
	block, _ := pem.Decode(text)
	switch {
	case block == nil && publicKey.Match(text):
		return nil, errors.New("is a public key: name the private one, usually the file of the same name without .pub")
	case block == nil:
		return nil, errors.New("is no private key in PEM, which begins with -----BEGIN ... PRIVATE KEY-----")
	case strings.Contains(block.Type, "PUBLIC"):
		return nil, errors.New("is a public key: name the private one")
	case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("is no private key: its PEM is of another kind, such as a certificate")
	case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, errors.New("is protected by a passphrase, and nobody is there to type it" + how)
	case block.Type == "OPENSSH PRIVATE KEY" && cipherOf(block.Bytes) == "":
		return nil, errors.New("is a key of OpenSSH that was cut or changed")
	case block.Type == "OPENSSH PRIVATE KEY" && cipherOf(block.Bytes) != "none":
		return nil, errors.New("is protected by a passphrase, and nobody is there to type it" + how)
	}
	return block, nil
}

// cipherOf is the name of the cipher of a key of ssh-keygen, "" where it is none.
func cipherOf(key []byte) string {
	rest, ok := bytes.CutPrefix(key, []byte(opensshMagic))
	if !ok || len(rest) < 4 {
		return ""
	}
	n := binary.BigEndian.Uint32(rest)
	if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
		return ""
	}
	return string(rest[:n])
}

// formsOf are how a secret may be repeated.
func formsOf(value []byte) []string {
	return []string{string(value), base64.StdEncoding.EncodeToString(value)}
}
