package conformance

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mailing"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// SendMail implements pluginpb.HostServer. What is sent here arrives nowhere; what no host
// would send is a fault.
func (h *host) SendMail(ctx context.Context, r *pluginpb.SendMailRequest) (*pluginpb.SendMailResponse, error) {
	what := "SendMail " + r.GetTemplate()
	refused := h.within(ctx, what, r.GetContext())
	if refused != nil {
		return &pluginpb.SendMailResponse{Error: refused}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := contract.MailText(h.mails, r)
	if err == nil {
		_, err = mailing.Recipients(r.GetTo(), r.GetCc(), r.GetBcc())
	}
	if err != nil {
		if h.complete {
			h.faults = append(h.faults, fmt.Errorf("%s: %w", what, err))
		}
		return &pluginpb.SendMailResponse{Error: toWire(err)}, nil
	}
	return &pluginpb.SendMailResponse{Id: "mail " + r.GetKey(), State: "queued"}, nil
}
