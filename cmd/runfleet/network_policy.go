package main

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runfleet/runfleet/render"
)

// public is the word for every address that is nobody's own.
const public = "public"

func newNetworkPolicyCommand() *cobra.Command {
	var namespace, output string
	var egress []string
	cmd := &cobra.Command{
		Use:   "network-policy",
		Short: "Print a NetworkPolicy for the agents on a member",
		Long: `Print a NetworkPolicy for the agents of a namespace on a member. Nobody connects to them, and they connect to the DNS
servers of the cluster and to what --egress names. It needs no cluster: apply it to each member, in each namespace of
runs.

Without --egress they reach the public internet on the ports 443 and 22: the model, the repositories and their API.
With it, only what it names, on the same ports where none follow; "--egress public" is the default's range. No range
includes the addresses at which clouds hand out the credentials of a node.

A policy knows addresses, not names of hosts, and only a member whose network enforces policies obeys it.`,
		Example: `  runfleet network-policy -n team-a | kubectl --context eu-1 apply -f -
  runfleet network-policy --egress public --egress 10.1.2.0/24:443,3000     and a server of your own
  runfleet network-policy --egress 10.1.2.3/32:3128                         through a proxy alone`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
				return usagef("--namespace %q: write the name of a namespace: lower-case letters, digits and '-', such as team-a",
					namespace)
			}
			var allowed []render.Egress
			for _, text := range egress {
				e, err := parseEgress(text)
				if err != nil {
					return err
				}
				allowed = append(allowed, e)
			}
			return printManifest(cmd.OutOrStdout(), cmp.Or(output, outputYAML), render.NetworkPolicy(namespace, allowed))
		},
	}
	cmd.Flags().StringVarP(&namespace, "namespace", "n", "", "the `NAMESPACE` of the agents (default that of kubectl apply)")
	completeFlag(cmd, "namespace", completeNamespaces)
	cmd.Flags().StringArrayVar(&egress, "egress", []string{public},
		"a range that they may reach, as `CIDR[:PORT,...]`; may be repeated")
	completeFlag(cmd, "egress", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{public}, cobra.ShellCompDirectiveNoFileComp
	})
	addOutputFlag(cmd, &output, outputYAML, outputJSON)
	return cmd
}

// parseEgress reads public[:PORT,...] or CIDR[:PORT,...].
func parseEgress(text string) (render.Egress, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return render.Egress{}, usagef("--egress %q: write %s for this one address", text, only(a))
	}
	if a, err := netip.ParseAddrPort(text); err == nil {
		return render.Egress{}, usagef("--egress %q: write %s:%d for this one address", text, only(a.Addr()), a.Port())
	}
	addresses, list, hasPorts := cutPorts(text)
	ports := render.UsualPorts()
	if hasPorts {
		ports = nil
		for p := range strings.SplitSeq(list, ",") {
			n, err := strconv.ParseUint(p, 10, 16)
			if err != nil || n == 0 {
				return render.Egress{}, usagef("--egress %q: %q is no port: write ports from 1 to 65535, separated by commas, "+
					"such as :443,8443", text, p)
			}
			ports = append(ports, uint16(n))
		}
	}
	if addresses == public {
		return render.PublicEgress(ports), nil
	}
	r, err := parseRange(text, addresses)
	return render.RangeEgress(r, ports), err
}

// only is the range of one address.
func only(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// cutPorts parts the ports from a range. An IPv6 address has colons of its own, before its slash.
func cutPorts(text string) (addresses, ports string, found bool) {
	slash := max(0, strings.LastIndex(text, "/"))
	length, ports, found := strings.Cut(text[slash:], ":")
	return text[:slash] + length, ports, found
}

func parseRange(text, addresses string) (netip.Prefix, error) {
	r, err := netip.ParsePrefix(addresses)
	if err != nil || r.Addr().Is4In6() {
		return netip.Prefix{}, usagef("--egress %q: write a range of addresses, such as 10.1.2.0/24:443 or 2001:db8::/32, or %s; "+
			"a policy does not know names of hosts", text, public)
	}
	if r != r.Masked() {
		return netip.Prefix{}, usagef("--egress %q: write %s for the range, or %s for the one address",
			text, r.Masked(), only(r.Addr()))
	}
	for _, m := range render.Metadata() {
		if render.Within(r, m) {
			return netip.Prefix{}, usagef("--egress %q: lies in %s, where clouds hand out the credentials of a node: "+
				"no agent may reach it", text, m)
		}
	}
	return r, nil
}
