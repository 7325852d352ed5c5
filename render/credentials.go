package render

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// credentials is the volume with what the run's GitHub App or user proves itself by. Its Secrets are the member's own, in
// the run's namespace; Runfleet reads none of them. A Secret that is needed for certain keeps the pod from starting while it
// is not there, which the run then says; of the two names that a user's token has had, one is enough, so it is the start
// script that misses it.
func (a subject) credentials() corev1.VolumeSource {
	var sources []corev1.VolumeProjection
	login := a.login()
	if a.githubApp() != "" {
		sources = append(sources, secretFiles(AppSecret(login), false, same(KeyAppID), same(KeyAppPrivateKey)))
	} else {
		if isSSH(a.repositoryURL()) || isSSH(a.docsRepositoryURL()) {
			sources = append(sources, secretFiles(SSHSecret(login), false, same(KeySSH)))
		}
		sources = append(sources,
			secretFiles(TokenSecret(login), true, same(KeyToken)),
			secretFiles(patSecret(login), true, corev1.KeyToPath{Key: KeyToken, Path: "pat"}))
	}
	return corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources, DefaultMode: new(int32(0o600))}}
}

func secretFiles(name string, optional bool, items ...corev1.KeyToPath) corev1.VolumeProjection {
	return corev1.VolumeProjection{Secret: &corev1.SecretProjection{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: items, Optional: &optional,
	}}
}

// same is a key that becomes a file of the same name.
func same(key string) corev1.KeyToPath { return corev1.KeyToPath{Key: key, Path: key} }

// login is the run's App or user as the names of Secrets have it.
func (a subject) login() string { return Login(cmp.Or(a.githubApp(), a.githubUser())) }

// isSSH says that git reaches an address by ssh: ssh://host/path, or user@host:path.
func isSSH(url string) bool {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		return strings.HasPrefix(url, "ssh://") && rest != ""
	}
	before, _, scp := strings.Cut(url, ":")
	return scp && strings.Contains(before, "@")
}
