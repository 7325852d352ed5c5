package render

import (
	"net/netip"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Egress is where agents may connect to: ranges of addresses, without some of them, at TCP ports.
type Egress struct {
	Ranges, Except []netip.Prefix
	Ports          []uint16
}

// UsualPorts are those of HTTPS and SSH: the model, the repositories, their API.
func UsualPorts() []uint16 { return []uint16{443, 22} }

// PublicEgress is the internet: every address but private ones and those of [Metadata].
func PublicEgress(ports []uint16) Egress {
	return Egress{Ranges: prefixes("0.0.0.0/0", "::/0"), Except: slices.Concat(private(), Metadata()), Ports: ports}
}

// RangeEgress is one range of addresses, but never those of [Metadata].
func RangeEgress(addresses netip.Prefix, ports []uint16) Egress {
	return Egress{Ranges: []netip.Prefix{addresses}, Except: Metadata(), Ports: ports}
}

// Metadata are the addresses at which clouds hand out the credentials of a node to whoever asks from it.
func Metadata() []netip.Prefix {
	return prefixes("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128")
}

func private() []netip.Prefix {
	return prefixes("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
}

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

// Within says that every address of a range is one of another.
func Within(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// NetworkPolicy lets nobody connect to the agents of a namespace, and them to nothing but DNS and what is listed. "" leaves
// the namespace to whoever applies it.
func NetworkPolicy(namespace string, egress []Egress) *networkingv1.NetworkPolicy {
	rules := []networkingv1.NetworkPolicyEgressRule{dns()}
	for _, e := range egress {
		rules = append(rules, e.rule())
	}
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: "runfleet-agents", Namespace: namespace},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{v1.LabelManaged: "true"}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Egress:      rules,
		},
	}
}

// dns is the cluster's own, not port 53 of anybody: a name can carry a secret out. The address is the usual one of a cache
// on the node itself.
func dns() networkingv1.NetworkPolicyEgressRule {
	system := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: metav1.NamespaceSystem}}
	return networkingv1.NetworkPolicyEgressRule{
		To: []networkingv1.NetworkPolicyPeer{
			{NamespaceSelector: system}, {IPBlock: &networkingv1.IPBlock{CIDR: "169.254.20.10/32"}},
		},
		Ports: []networkingv1.NetworkPolicyPort{portOf(corev1.ProtocolUDP, 53), portOf(corev1.ProtocolTCP, 53)},
	}
}

func (e Egress) rule() networkingv1.NetworkPolicyEgressRule {
	var r networkingv1.NetworkPolicyEgressRule
	for _, addresses := range e.Ranges {
		block := &networkingv1.IPBlock{CIDR: addresses.String()}
		for _, but := range e.Except {
			known := slices.ContainsFunc(e.Except, func(other netip.Prefix) bool { return other != but && Within(but, other) })
			if !known && Within(but, addresses) {
				block.Except = append(block.Except, but.String())
			}
		}
		r.To = append(r.To, networkingv1.NetworkPolicyPeer{IPBlock: block})
	}
	for _, p := range e.Ports {
		r.Ports = append(r.Ports, portOf(corev1.ProtocolTCP, p))
	}
	return r
}

func portOf(protocol corev1.Protocol, number uint16) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(int32(number)))}
}
