package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/spf13/cobra"
)

func (p *program) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "key",
		Short:   "Work with API keys",
		Example: "  xrm key create --role reader --name \"Web shop\"",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.keyCreateCommand())
	return cmd
}

func (p *program) keyCreateCommand() *cobra.Command {
	var k keyRequest
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an API key and print it once",
		Long: `Creates a key in the store of the server and prints it. Only its hash is kept,
so it cannot be shown again. A running server knows the key at once.

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
	site, err := siteEntities(c)
	if err != nil {
		return err
	}
	model, err := schema.Load(append(entities.Sources(), site...)...)
	if err != nil {
		return err
	}
	roles, err := loadRoles(c, model)
	if err != nil {
		return err
	}
	for _, role := range k.roles {
		if err := roles.Find(role); err != nil {
			return err
		}
	}
	s, err := openStore(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	secret, hash := access.NewKey()
	key := newKey(k.name, hash, k.roles, "xrm key create")
	key.Party = k.party
	if err := s.SaveKey(cmd.Context(), key); err != nil {
		return err
	}
	if k.out != "" {
		if err := writeSecret(k.out, secret); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.err, "The key %s is in %s.\n", key.ID, k.out)
		return err
	}
	if k.asJSON {
		return json.NewEncoder(p.out).Encode(map[string]any{"id": key.ID, "key": secret, "roles": key.Roles, "name": key.Name})
	}
	_, err = fmt.Fprintln(p.out, secret)
	return err
}

// loadRoles reads the shipped roles and the site's, and checks their rules
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
