document.title = JSON.stringify(await xrm.ask("{ visitsToday }"));
