package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/spf13/cobra"
)

func (p *program) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Work with API keys",
		Example: `  xrm key create --role reader --name "Web shop"
  xrm key list
  xrm key revoke 01a200c9-fe43-7f37-9e99-b35cac2ec466`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.keyCreateCommand(), p.keyListCommand(), p.keyRevokeCommand())
	return cmd
}

func (p *program) keyCreateCommand() *cobra.Command {
	var k keyRequest
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an API key and print it once",
		Long: `Creates a key in the store of the server and prints it. Only its hash is kept,
so it cannot be shown again. A running server knows the key at once. Roles of
your own are read from --roles, as the server does; those that approved plugins
ship are called PLUGIN.ROLE.

With --expires the key ends by itself: after a while, or with the beginning of a
day in UTC. Otherwise it works until it is revoked.

With --party the key belongs to a business partner from outside: in the rules of
its roles $user.party is that partner.`,
		Example: `  xrm key create --role reader --name "Web shop"
  xrm key create --role reader --name "Fair in May" --expires 90d
  xrm key create --role sales --role reader --name maria --out maria.key
  xrm key create --role complaints.agent --name paul`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.createKey(cmd, config, k)
		},
	}
	configFlags(cmd.Flags(), "data", "store", "entities", "roles", "plugins")
	cmd.Flags().StringArrayVar(&k.roles, "role", nil, "role of the key; can be given several times")
	cmd.Flags().StringVar(&k.name, "name", "", "whose key it is, for people and the history")
	cmd.Flags().StringVar(&k.party, "party", "", "id of the business partner that the key belongs to")
	cmd.Flags().StringVar(&k.expires, "expires", "", "when the key ends: 90d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z; never without it")
	cmd.Flags().StringVar(&k.out, "out", "", "write the key to this new file instead of the terminal")
	cmd.Flags().BoolVar(&k.asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("role")
	return cmd
}

type keyRequest struct {
	roles                     []string
	name, party, expires, out string
	asJSON                    bool
}

func (p *program) createKey(cmd *cobra.Command, c Config, k keyRequest) (err error) {
	expires, err := parseExpiry(k.expires, time.Now())
	if err != nil {
		return err
	}
	model, err := fileModel(c)
	if err != nil {
		return err
	}
	roles, err := checkRoles(c, model, k.roles)
	if err != nil {
		return err
	}
	s, err := openSharedStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if k.party != "" { // is looked for
		if err := s.Prepare(cmd.Context(), model); err != nil {
			return err
		}
	}
	key, secret, err := identity.Desk{Keyring: s, Records: s, Roles: roles}.Issue(cmd.Context(), model, core.Key{
		Name: k.name, Roles: k.roles, Party: k.party, ExpiresAt: expires, CreatedBy: "xrm key create",
	})
	if err != nil {
		return err
	}
	if k.out != "" {
		if err := identity.WriteSecret(k.out, secret); err != nil {
			_, undone := s.RemoveKey(context.WithoutCancel(cmd.Context()), key.ID) // nobody knows it
			return errors.Join(err, undone)
		}
	}
	switch {
	case k.out != "":
		_, err = fmt.Fprintf(p.err, "The key %s is in %s.%s\n", key.ID, k.out, until(key))
	case k.asJSON:
		made := map[string]any{"id": key.ID, "key": secret, "roles": key.Roles, "name": key.Name}
		if !key.ExpiresAt.IsZero() {
			made["expiresAt"] = key.ExpiresAt
		}
		err = json.NewEncoder(p.out).Encode(made)
	default:
		_, err = fmt.Fprintln(p.out, secret)
	}
	return err
}

// until is the sentence about the end of a key that has one.
func until(k core.Key) string {
	if k.ExpiresAt.IsZero() {
		return ""
	}
	return " It expires at " + k.ExpiresAt.Format(time.RFC3339) + "."
}

// checkRoles returns all roles. It refuses unknown ones before a store is opened,
// and says where roles are looked for.
func checkRoles(c Config, m *schema.Model, names []string) (*access.Roles, error) {
	roles, err := loadRoles(c, m)
	if err != nil {
		return nil, err
	}
	shipped, err := pluginhost.Approvals{Plugins: c.Plugins}.Shipped()
	if err != nil {
		return nil, err
	}
	roles, problems := roles.Shipped(shipped)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := roles.Find(name); err != nil {
			if c.Roles == "" && strictyaml.Suggest(name, roles.Names()) == "" {
				return nil, fmt.Errorf("%w; there are %s, and those in the folder that --roles (XRM_ROLES) names", err, strings.Join(roles.Names(), ", "))
			}
			return nil, err
		}
	}
	return roles, nil
}
