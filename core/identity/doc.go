// Package identity says who has sent a request: it knows API keys by their hash,
// issues and revokes them, and sees to it that an administrator can get in. What
// somebody may do is not decided here: that is core/access.
package identity
