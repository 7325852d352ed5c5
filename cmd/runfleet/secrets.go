package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/render"
)

func newSecretsCommand() *cobra.Command {
	cmd := newGroup("secrets", "Create the Secrets that agents need on members")
	cmd.AddCommand(newSecretsCreateCommand())
	return cmd
}

// secretsCall is one call of secrets create, read.
type secretsCall struct {
	road
	stdout io.Writer

	members    []string
	everywhere bool

	user, app, appID                      string
	sshKey, token, privateKey, apiKeyFile string
}

func newSecretsCreateCommand() *cobra.Command {
	var call secretsCall
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create or update the Secrets of a GitHub user or App, and of the model, on members",
		Long: `Create or update the Secrets of a GitHub user or App, and that with the key of the model's API, on members, in the
namespace of the runs. What is secret comes from files or standard input, never from a flag, which everybody on the machine could
read.

Members are reached as the operator reaches them, by the kubeconfig that is in its namespace. That user may usually not write
Secrets, and should not: --own-contexts goes by your own contexts, which must be called as the members are.`,
		Example: `  runfleet secrets create --member eu-1 -n team-a --user example-bot --token-file token
  runfleet secrets create --all-members --own-contexts --app docs-app --app-id 1234 --private-key docs-app.pem
  pass show anthropic | runfleet secrets create --all-members --api-key-file -`,
		Args: usage(cobra.NoArgs),
	}
	cmd.Flags().StringSliceVar(&call.members, "member", nil, "write to this `MEMBER` (may be given several times)")
	cmd.Flags().Lookup("member").DefValue = ""
	cmd.Flags().BoolVar(&call.everywhere, "all-members", false, "write to all members")
	completeFlag(cmd, "member", completeMembers)
	addTexts(cmd, []textFlag{
		{&call.user, "user", "", "the GitHub `USER`, as githubUser of a run has it"},
		{&call.sshKey, "ssh-key", "", "a `FILE` with the user's private SSH key; - is standard input"},
		{&call.token, "token-file", "", "a `FILE` with the user's token; - is standard input"},
		{&call.app, "app", "", "the GitHub `APP`, as githubApp of a run has it"},
		{&call.appID, "app-id", "", "the App's `ID`"},
		{&call.privateKey, "private-key", "", "a `FILE` with the App's private key; - is standard input"},
		{&call.apiKeyFile, "api-key-file", "", "a `FILE` with the key of the model's API; - is standard input"},
	})
	call.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if err := call.check(); err != nil {
			return err
		}
		secrets, err := call.read(cmd.InOrStdin())
		if err != nil {
			return err
		}
		if call.hub, err = call.flags.connect(call.stderr); err != nil {
			return err
		}
		if secrets, err = call.addAPIKey(cmd.Context(), secrets); err != nil {
			return err
		}
		return call.write(cmd.Context(), secrets)
	}
	return cmd
}

// check refuses what cannot be meant.
func (c *secretsCall) check() error {
	inputs := []string{c.sshKey, c.token, c.privateKey, c.apiKeyFile}
	fromStdin := slices.DeleteFunc(slices.Clone(inputs), func(file string) bool { return file != "-" })
	ofUser, ofApp := c.sshKey != "" || c.token != "", c.appID != "" || c.privateKey != ""
	switch {
	case c.everywhere && len(c.members) > 0:
		return usagef("--member and --all-members exclude each other")
	case !c.everywhere && len(c.members) == 0:
		return usagef("say where: --member MEMBER, or --all-members")
	case c.user != "" && c.app != "":
		return usagef("--user and --app exclude each other: call it once for each")
	case ofUser && c.user == "":
		return usagef("--ssh-key and --token-file are a user's: add --user USER")
	case ofApp && c.app == "":
		return usagef("--app-id and --private-key are an App's: add --app APP")
	case c.user != "" && !ofUser:
		return usagef("--user needs --ssh-key FILE, --token-file FILE or both")
	case c.app != "" && (c.appID == "" || c.privateKey == ""):
		return usagef("--app needs --app-id ID and --private-key FILE")
	case !ofUser && !ofApp && c.apiKeyFile == "":
		return usagef("say what to write: --user USER, --app APP or --api-key-file FILE")
	case len(fromStdin) > 1:
		return usagef("standard input is read once: name a file for the other")
	}
	return errors.Join(githubName("--user", c.user), githubName("--app", c.app), appID(c.appID))
}

// secret is a Secret to write.
type secret struct {
	name string
	data map[string][]byte
}

// read makes the Secrets of what the files hold, apart from that of the API key, whose name the hub knows.
func (c *secretsCall) read(stdin io.Reader) ([]secret, error) {
	var all []secret
	one := func(flag, file string, check func([]byte) ([]byte, error), into func([]byte) secret) error {
		if file == "" {
			return nil
		}
		value, err := readSecret(flag, file, stdin, check)
		if err == nil {
			all = append(all, into(value))
		}
		return err
	}
	user, app := render.Login(c.user), render.Login(c.app)
	return all, errors.Join(
		one("--ssh-key", c.sshKey, sshKey, func(v []byte) secret {
			return secret{render.SSHSecret(user), map[string][]byte{render.KeySSH: v}}
		}),
		one("--token-file", c.token, oneWord, func(v []byte) secret {
			return secret{render.TokenSecret(user), map[string][]byte{render.KeyToken: v}}
		}),
		one("--private-key", c.privateKey, appKey, func(v []byte) secret {
			return secret{render.AppSecret(app), map[string][]byte{render.KeyAppID: []byte(c.appID), render.KeyAppPrivateKey: v}}
		}),
		one("--api-key-file", c.apiKeyFile, oneWord, func(v []byte) secret { return secret{"", map[string][]byte{"": v}} }),
	)
}

// addAPIKey gives the Secret of the API key the name and the key that the operator's configuration says.
func (c *secretsCall) addAPIKey(ctx context.Context, all []secret) ([]secret, error) {
	i := slices.IndexFunc(all, func(s secret) bool { return s.name == "" })
	if i < 0 {
		return all, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	source, err := config.Load(ctx, c.hub.client, c.system)
	if err != nil {
		return nil, c.hub.explain("reading the name of the API key's Secret in the operator's configuration", err)
	}
	named := source.Current().Render.APIKey
	all[i] = secret{named.Name, map[string][]byte{named.Key: all[i].data[""]}}
	return all, nil
}

// hide takes the bytes of Secrets out of a text, should a server ever repeat them.
func hide(text string, secrets []secret) string {
	for _, s := range secrets {
		for _, v := range s.data {
			for _, form := range formsOf(v) {
				text = strings.ReplaceAll(text, form, "(hidden)")
			}
		}
	}
	return oneLine(text)
}
