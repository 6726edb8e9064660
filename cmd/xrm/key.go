package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
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
your own are read from --roles, as the server does.

With --party the key belongs to a business partner from outside: in the rules of
its roles $user.party is that partner.`,
		Example: `  xrm key create --role reader --name "Web shop"
  xrm key create --role sales --role reader --name maria --out maria.key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.createKey(cmd, config, k)
		},
	}
	configFlags(cmd.Flags(), "data", "store", "entities", "roles")
	cmd.Flags().StringArrayVar(&k.roles, "role", nil, "role of the key; can be given several times")
	cmd.Flags().StringVar(&k.name, "name", "", "whose key it is, for people and the history")
	cmd.Flags().StringVar(&k.party, "party", "", "id of the business partner that the key belongs to")
	cmd.Flags().StringVar(&k.out, "out", "", "write the key to this new file instead of the terminal")
	cmd.Flags().BoolVar(&k.asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("role")
	return cmd
}

type keyRequest struct {
	roles            []string
	name, party, out string
	asJSON           bool
}

func (p *program) createKey(cmd *cobra.Command, c Config, k keyRequest) (err error) {
	model, err := fileModel(c)
	if err != nil {
		return err
	}
	if err := checkRoles(c, model, k.roles); err != nil {
		return err
	}
	s, err := openStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := checkParty(cmd.Context(), s, model, k.party); err != nil {
		return err
	}
	secret, hash := access.NewKey()
	key := newKey(k.name, hash, k.roles, "xrm key create")
	key.Party = k.party
	if k.out != "" {
		if err := writeSecret(k.out, secret); err != nil {
			return err
		}
	}
	if err := s.SaveKey(cmd.Context(), key); err != nil {
		if k.out != "" {
			err = errors.Join(err, os.Remove(k.out)) // a key that nobody knows
		}
		return err
	}
	switch {
	case k.out != "":
		_, err = fmt.Fprintf(p.err, "The key %s is in %s.\n", key.ID, k.out)
	case k.asJSON:
		err = json.NewEncoder(p.out).Encode(map[string]any{"id": key.ID, "key": secret, "roles": key.Roles, "name": key.Name})
	default:
		_, err = fmt.Fprintln(p.out, secret)
	}
	return err
}

func checkRoles(c Config, m *schema.Model, names []string) error {
	roles, err := loadRoles(c, m)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := roles.Find(name); err != nil {
			if c.Roles == "" && strictyaml.Suggest(name, roles.Names()) == "" {
				return fmt.Errorf("%w; there are %s, and those in the folder that --roles (XRM_ROLES) names", err, strings.Join(roles.Names(), ", "))
			}
			return err
		}
	}
	return nil
}

// checkParty refuses a partner that does not exist: the rules of the key would
// never match, and nobody would learn why.
func checkParty(ctx context.Context, s store, m *schema.Model, id string) error {
	if id == "" {
		return nil
	}
	if err := s.Prepare(ctx, m); err != nil {
		return err
	}
	found, err := s.Find(ctx, m.Entity("party"), core.Query{Filter: record.ByIDs([]string{id}), First: 1})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("there is no party with the id %s", id)
	}
	return err
}

// fileModel is the model of the definitions that are in files: without those
// of the plugins.
func fileModel(c Config) (*schema.Model, error) {
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	return schema.Load(append(entities.Sources(), site...)...)
}

// loadRoles reads the shipped roles and the site's. The rules are checked
// against the model.
func loadRoles(c Config, m *schema.Model) (*access.Roles, error) {
	var sources []schema.Source
	if c.Roles != "" {
		if err := folder("roles", "the roles", c.Roles); err != nil {
			return nil, err
		}
		var err error
		if sources, err = schema.ReadSources("site", c.Roles, os.DirFS(c.Roles)); err != nil {
			return nil, err
		}
	}
	return access.LoadRoles(m, sources)
}
