package sdk

import "github.com/openxrm/xrm/sdk/pluginpb"

// User is a person or a program with a key.
type User struct {
	ID    string // what Record.CreatedBy shows
	Name  string // for people
	Roles []string
	Party string // id of the party that an outside user belongs to; "" for none
}

// userFromWire returns nil for nobody.
func userFromWire(u *pluginpb.User) *User {
	if u == nil {
		return nil
	}
	return &User{ID: u.GetId(), Name: u.GetName(), Roles: u.GetRoles(), Party: u.GetParty()}
}
