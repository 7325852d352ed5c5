package bed

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/controlplane"
)

// Kinds are those that the tests read and write.
var Kinds = func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensions.AddToScheme, v1.AddToScheme} {
		utilruntime.Must(add(s))
	}
	return s
}()

// Cluster is one control plane with an administrator's client.
type Cluster struct {
	*controlplane.ControlPlane
	client.WithWatch
	Admin *rest.Config // without a limit of requests
	Agent *rest.Config // of the user that operators come as: no more than docs/members.md grants
}

// agent is the name of Cluster.Agent. What it requests is audited.
const agent = "runfleet"

// StartClusters starts control planes, each with so many nodes, all at once. What was started is stopped by the caller,
// whatever the error.
func StartClusters(ctx context.Context, nodes map[string]int) (map[string]*Cluster, error) {
	type started struct {
		cluster *Cluster
		err     error
	}
	results := make(chan started)
	for name, n := range nodes {
		go func() {
			c, err := StartCluster(ctx, controlplane.Options{Name: name, Nodes: n})
			results <- started{c, err}
		}()
	}
	all, errs := map[string]*Cluster{}, []error{}
	for range nodes {
		r := <-results
		errs = append(errs, r.err)
		if r.cluster != nil {
			all[r.cluster.Name()] = r.cluster
		}
	}
	return all, errors.Join(errs...)
}

// StartCluster starts one. What was started is stopped by the caller, whatever the error.
func StartCluster(ctx context.Context, o controlplane.Options) (*Cluster, error) {
	if o.Nodes > 0 || o.Containerd {
		o.Audited = append(o.Audited, agent)
	}
	plane, err := controlplane.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	c, err := Connect(plane)
	if err != nil {
		return c, err
	}
	if o.Nodes == 0 && !o.Containerd {
		return c, c.InstallCRDs(ctx)
	}
	c.Agent, err = c.NewUser(ctx, agent, fleet.Permissions)
	return c, err
}

// Connect makes an administrator's client of a control plane. Cluster is there whatever the error.
func Connect(plane *controlplane.ControlPlane) (*Cluster, error) {
	c := &Cluster{ControlPlane: plane, Admin: plane.Config()}
	c.Admin.QPS = -1
	var err error
	if c.WithWatch, err = client.NewWithWatch(c.Admin, client.Options{Scheme: Kinds}); err != nil {
		err = fmt.Errorf("connecting to %s: %w", plane.Name(), err)
	}
	return c, err
}

// NewUser is a new user of the cluster who may do what the rules say in every namespace.
func (c *Cluster) NewUser(ctx context.Context, name string, rules []rbacv1.PolicyRule) (*rest.Config, error) {
	config, err := c.User(name)
	if err != nil {
		return nil, err
	}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "test:" + name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	return config, errors.Join(c.Create(ctx, role), c.Create(ctx, binding))
}

// Register registers a member on a hub: a Secret with a kubeconfig, and the object that names it.
func (c *Cluster) Register(ctx context.Context, name string, kubeconfig []byte, labels map[string]string) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1.SystemNamespace},
		Data:       map[string][]byte{"kubeconfig": kubeconfig},
	}
	member := &v1.MemberCluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec:       v1.MemberClusterSpec{KubeconfigSecretRef: &v1.KubeconfigSecretRef{Name: name}},
	}
	return errors.Join(c.Create(ctx, secret), c.Create(ctx, member))
}

// KubeconfigOf writes a client configuration as a kubeconfig. address, if any, is where to go instead of the API server.
func KubeconfigOf(c *rest.Config, address string) []byte {
	server := c.Host
	if address != "" {
		server = "https://" + address
	}
	k := clientcmdapi.NewConfig()
	k.Clusters["member"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: c.CAData, TLSServerName: c.ServerName}
	k.AuthInfos["runfleet"] = &clientcmdapi.AuthInfo{ClientCertificateData: c.CertData, ClientKeyData: c.KeyData, Token: c.BearerToken}
	k.Contexts["member"] = &clientcmdapi.Context{Cluster: "member", AuthInfo: "runfleet"}
	k.CurrentContext = "member"
	data, err := clientcmd.Write(*k)
	utilruntime.Must(err)
	return data
}

// Configure writes the operator's configuration on a hub, with its namespace if need be.
func (c *Cluster) Configure(ctx context.Context, namespace, text string) error {
	err := c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	if client.IgnoreAlreadyExists(err) != nil {
		return fmt.Errorf("creating the namespace %s: %w", namespace, err)
	}
	return c.write(ctx, namespace, v1.ConfigMapName, map[string]string{v1.ConfigMapKey: text})
}

// Templates writes templates of the user's own beside the operator's configuration.
func (c *Cluster) Templates(ctx context.Context, namespace string, data map[string]string) error {
	return c.write(ctx, namespace, v1.TemplatesName, data)
}

// write makes a ConfigMap what it shall be.
func (c *Cluster) write(ctx context.Context, namespace, name string, data map[string]string) error {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Data: data}
	err := c.Create(ctx, m)
	if client.IgnoreAlreadyExists(err) != nil || err == nil {
		return err
	}
	return c.Update(ctx, m)
}

// TeamNamespace makes a namespace, and where pods will run, waits for the service account that they need.
func (c *Cluster) TeamNamespace(ctx context.Context, name string, labels map[string]string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if err := client.IgnoreAlreadyExists(c.Create(ctx, namespace)); err != nil {
		return fmt.Errorf("creating namespace %s on %s: %w", name, c.Name(), err)
	}
	if c.Agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	w, err := c.Watch(ctx, &corev1.ServiceAccountList{}, client.InNamespace(name))
	if err != nil {
		return fmt.Errorf("watching the service accounts of %s on %s: %w", name, c.Name(), err)
	}
	defer w.Stop()
	for range w.ResultChan() { // the first is the one: default
		return nil
	}
	return fmt.Errorf("namespace %s on %s got no service account", name, c.Name())
}
