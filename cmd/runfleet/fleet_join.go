package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runfleet/runfleet/reconcilers/fleet/membership"
)

// joinCall is one call of fleet join, read.
type joinCall struct {
	twoSides
	membership.Join
	maxRuns int32
	lookup  bool
	timeout time.Duration
	stdout  io.Writer
}

func newFleetJoinCommand() *cobra.Command {
	var call joinCall
	cmd := &cobra.Command{
		Use:   "join NAME",
		Short: "Make a cluster a member: a user there with exactly the rights that runs need, and its token on the hub",
		Long: `Make a cluster a member of the fleet. On the member a namespace, a user with exactly the rights that runs need, and
a token that is valid for 30 days and that the operator renews; on the hub a Secret with that token, and the
MemberCluster NAME.

Everything is checked before anything is created: what you may do on both clusters, the version of Kubernetes, the
namespaces of the runs, and the storage class of the workspaces. All that lacks is told together.

Your own kubeconfig is used by this call alone, so it may have plugins. Joining again repairs the rights, renews the
token, and changes what is given.`,
		Example: `  runfleet fleet join eu-1 --kubeconfig eu-1.kubeconfig --labels region=eu --max-runs 20
  runfleet fleet join eu-1 --context eu-1-admin --server https://eu-1.internal.example.com:6443`,
	}
	f := cmd.Flags()
	f.StringToStringVar(&call.Labels, "labels", nil, "the `LABELS` that the placement of runs selects by, such as region=eu,tier=a")
	f.Int32Var(&call.maxRuns, "max-runs", 0, "how many attempts may execute there at a time, a `NUMBER` (default no limit)")
	f.BoolVar(&call.lookup, "secret-lookup", false, "look up the Secrets that a run needs: grants the right to get Secrets")
	f.StringSliceVar(&call.Namespaces, "namespace", nil, "a `NAMESPACE` of runs that the member must have (default the operator's)")
	f.Lookup("labels").DefValue = ""
	f.StringVar(&call.Server, "server", "", "the `URL` by which the operator reaches the member (default that of the kubeconfig)")
	f.DurationVar(&call.timeout, "timeout", 2*time.Minute, "how long to wait until it is ready, a `TIME`; 0 does not wait")
	call.addFlags(cmd, "")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if err := call.check(args); err != nil {
			return err
		}
		if f.Changed("max-runs") {
			call.MaxRuns = &call.maxRuns
		}
		if f.Changed("secret-lookup") {
			call.Lookup = &call.lookup
		}
		call.stdout = cmd.OutOrStdout()
		call.System = call.system
		call.Say = func(line string) { fmt.Fprintln(call.stdout, printable(line)) }
		if call.Hub, err = reachSide(&call.hub, cmd.ErrOrStderr()); err != nil {
			return fmt.Errorf("the hub: %w", err)
		}
		if call.Member, err = reachSide(&call.member, cmd.ErrOrStderr()); err != nil {
			return fmt.Errorf("the member: %w", err)
		}
		return call.run(cmd.Context())
	}
	return cmd
}

func (c *joinCall) check(args []string) error {
	if len(args) != 1 {
		return usagef("name the member: one word, such as eu-1")
	}
	c.Name = args[0]
	if wrong := validation.IsDNS1123Subdomain(c.Name); len(wrong) > 0 {
		return usagef("%q is no name of a member: write lower-case letters, digits, '-' and '.', such as eu-1", c.Name)
	}
	if !c.ofMember() {
		return usagef("name the member's kubeconfig: --kubeconfig FILE, --context CONTEXT or both")
	}
	for _, e := range metav1validation.ValidateLabels(c.Labels, field.NewPath("--labels")) {
		return usagef("--labels: %s", oneLine(e.Detail))
	}
	for _, n := range c.Namespaces {
		if len(validation.IsDNS1123Label(n)) > 0 {
			return usagef("--namespace %q is no name of a namespace", n)
		}
	}
	if c.maxRuns < 0 || c.maxRuns > 100000 {
		return usagef("--max-runs %d: write 0 to 100000", c.maxRuns)
	}
	if c.timeout < 0 {
		return usagef("--timeout must not be negative: 0 does not wait")
	}
	return checkServer(c.Server)
}

// checkServer refuses what would be of no use to the operator, and does not repeat it: it may hold a secret.
func checkServer(server string) error {
	u, err := url.Parse(server)
	switch {
	case server == "":
		return nil
	case err != nil || u.Scheme != "https" || u.Host == "":
		return usagef("--server must be a URL such as https://eu-1.example.com:6443")
	case u.User != nil:
		return usagef("--server must have no credentials in it: join asks the member for a token")
	case u.RawQuery != "" || u.Fragment != "":
		return usagef("--server must have no query and no fragment")
	default:
		return nil
	}
}

func (c *joinCall) run(ctx context.Context) error {
	err := c.Run(ctx)
	if lacks, ok := errors.AsType[membership.Lacks](err); ok {
		for i := range lacks {
			lacks[i] = oneLine(lacks[i])
		}
		return lines("nothing was created:", lacks)
	}
	if err != nil {
		return errors.New(oneLine(err.Error()))
	}
	if c.timeout == 0 {
		return nil
	}
	return c.await(ctx)
}

// await tells how the operator sees the member, until it is ready.
func (c *joinCall) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for told := ""; ; {
		ready, reason, message, err := membership.Standing(ctx, c.Hub, c.Name)
		if err != nil && ctx.Err() == nil {
			return err
		}
		now := strings.TrimPrefix(reason+": "+message, ": ")
		if ready {
			c.Say(c.Name + " is ready")
			return nil
		}
		if err == nil && now != told {
			told = now
			c.Say("waiting: " + now)
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return exitError{exitInterrupted, nil}
			}
			return exitError{exitTimeout, fmt.Errorf("%s was joined, and is not ready after %s: %s", c.Name, c.timeout, oneLine(told))}
		case <-tick.C:
		}
	}
}
