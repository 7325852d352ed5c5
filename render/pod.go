package render

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// AgentContainer is the name of the container whose end is the attempt's end.
const AgentContainer = "agent"

// Where things are inside the container.
const (
	configDirectory      = "/config" // the attempt's files, read-only
	workspaceDirectory   = "/workspace"
	cloneDirectory       = workspaceDirectory + "/target-repo" // the original's name, so that its clones are found again
	documentsDirectory   = workspaceDirectory + "/task"
	credentialsDirectory = "/credentials" // of the run's GitHub user or App, read-only
	homeDirectory        = "/home/agent"
	tmpDirectory         = "/tmp"
	managedSettings      = "/etc/claude-code/managed-settings.json" // the one place whose rules the agent always obeys
)

// The pod's volumes.
const (
	volumeConfig      = "config"
	volumeCredentials = "credentials"
	volumeWorkspace   = "workspace"
	volumeHome        = "home"
	volumeTmp         = "tmp"
)

// agentID is the user and group that the agent works as, and the group of its files.
const agentID = 1000

// pod is as much as the agent needs, and no more: no root, no privilege, no token of the member's API, and nothing to write
// to but its volumes.
func (a subject) pod(parts []part) corev1.PodSpec {
	l := limitsOf(int64(a.entry.DeadlineSeconds), a.Grace)
	spec := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		ActiveDeadlineSeconds:         &l.pod,
		TerminationGracePeriodSeconds: new(seconds(a.Grace)),
		ServiceAccountName:            a.ServiceAccount,
		PriorityClassName:             a.PriorityClass,
		NodeSelector:                  a.NodeSelector,
		Tolerations:                   a.Tolerations,
		AutomountServiceAccountToken:  new(false),
		EnableServiceLinks:            new(false), // hundreds of variables about services that are none of its business
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:        new(true),
			RunAsUser:           new(int64(agentID)),
			RunAsGroup:          new(int64(agentID)),
			FSGroup:             new(int64(agentID)),
			FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch), // a large workspace would be walked at each start
			SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{a.container()},
		Volumes: []corev1.Volume{
			{Name: volumeConfig, VolumeSource: volume(parts)},
			{Name: volumeWorkspace, VolumeSource: a.workspaceSource()},
			{Name: volumeHome, VolumeSource: scratch(a.Scratch.Home)},
			{Name: volumeTmp, VolumeSource: scratch(a.Scratch.Tmp)},
			{Name: volumeCredentials, VolumeSource: a.credentials()},
		},
	}
	if a.RuntimeClass != "" {
		spec.RuntimeClassName = &a.RuntimeClass
	}
	for _, name := range a.ImagePullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	return spec
}

func (a subject) container() corev1.Container {
	var command []string
	for _, word := range a.Command {
		command = append(command, verbatim(word)) // $(NAME) is replaced in arguments too
	}
	return corev1.Container{
		Name:            AgentContainer,
		Image:           a.Image,
		ImagePullPolicy: a.ImagePullPolicy,
		// A file, since one argument may have 128 KiB at most; and the agent's command as arguments, so that no word of it
		// is read as shell.
		Command:    []string{"/bin/sh", configDirectory + "/container.sh"},
		Args:       command,
		WorkingDir: workspaceDirectory,
		Env:        a.environment(),
		Resources:  a.Resources,
		VolumeMounts: []corev1.VolumeMount{
			{Name: volumeConfig, MountPath: configDirectory, ReadOnly: true},
			{Name: volumeConfig, MountPath: managedSettings, SubPath: "settings.json", ReadOnly: true},
			{Name: volumeWorkspace, MountPath: workspaceDirectory},
			{Name: volumeHome, MountPath: homeDirectory},
			{Name: volumeTmp, MountPath: tmpDirectory},
			{Name: volumeCredentials, MountPath: credentialsDirectory, ReadOnly: true},
		},
		TerminationMessagePolicy: corev1.TerminationMessageReadFile, // the log's tail is no outcome, and may hold anything
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true), // an agent can change its workspace, not its tools
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

// workspaceSource is the service's volume, which keeps the work from one attempt to the next, or scratch space.
func (a subject) workspaceSource() corev1.VolumeSource {
	if a.code == nil {
		return scratch(a.Scratch.Workspace)
	}
	return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
		ClaimName: workspaceName(a.code.Service),
	}}
}

// scratch is a directory that lives as long as the pod. A node ends the pod at once that fills it beyond its size.
func scratch(size resource.Quantity) corev1.VolumeSource {
	dir := &corev1.EmptyDirVolumeSource{}
	if !size.IsZero() {
		dir.SizeLimit = &size
	}
	return corev1.VolumeSource{EmptyDir: dir}
}
