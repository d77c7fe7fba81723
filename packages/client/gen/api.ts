// Generated from proto/openapi.json by npm run client:generate. Never edited.

export interface paths {
    "/api/admin/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Alerts, newest first
         * @description Roles: support, admin.
         */
        get: operations["monitor.alerts.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/alerts/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Somebody is looking into this alert
         * @description Roles: admin.
         */
        post: operations["monitor.alerts.acknowledge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/alerts/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * This alert is dealt with
         * @description Roles: admin.
         */
        post: operations["monitor.alerts.resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What waits, or waited, for a second admin; newest first
         * @description Roles: admin.
         */
        get: operations["credits.approvals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/approvals/{approvalId}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Do what another admin proposed, once. The same admin may repeat the call
         * @description Roles: admin.
         */
        post: operations["credits.approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/approvals/{approvalId}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a proposal without doing it; whoever proposed it takes it back like this
         * @description Roles: admin.
         */
        post: operations["credits.reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search the log of privileged actions, newest first
         * @description Roles: auditor, admin.
         */
        get: operations["audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the log as CSV, oldest first
         * @description Roles: auditor, admin.
         */
        get: operations["audit.csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit.jsonl": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the log as JSON lines, oldest first; before and after are the exact texts
         * @description Roles: auditor, admin.
         */
        get: operations["audit.jsonl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check every row of the chain, and its end against the anchors. A long check sends blanks before its JSON
         * @description Roles: auditor, admin.
         */
        get: operations["audit.verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far the proof of consistency has come, and what it found
         * @description Roles: support, admin.
         */
        get: operations["monitor.consistency"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/consistency/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compare one account, or all of them, now
         * @description Roles: admin.
         */
        post: operations["monitor.consistency.check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/consistency/repair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compare one account and do what is proposed: the books agree with the ledger, the status view with the books
         * @description Roles: admin.
         */
        post: operations["monitor.consistency.repair"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/credits/openings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring balances over from another system, up to 500 users; an outcome for each, in order
         * @description Roles: admin.
         */
        post: operations["credits.openAccounts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Server-sent events `alerts`, `alert` and `activity`: what a console shows as it happens
         * @description Roles: support, admin.
         */
        get: operations["gateway.staffEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The log of notices sent to channels, newest first
         * @description Roles: support, admin.
         */
        get: operations["monitor.notifications.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/notifications/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message to one channel, to try it
         * @description Roles: admin.
         */
        post: operations["monitor.notifications.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The state of everything in numbers
         * @description Roles: support, admin.
         */
        get: operations["monitor.overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/overview/days": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What moved, day by day, for charts
         * @description Roles: support, admin.
         */
        get: operations["monitor.overview.days"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every package, those not on sale included
         * @description Roles: support, admin.
         */
        get: operations["credits.adminPackages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/packages/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One package
         * @description Roles: support, admin.
         */
        get: operations["credits.adminGetPackage"];
        /**
         * Create or change a package. Credits already bought keep what they were bought with
         * @description Roles: admin.
         */
        put: operations["credits.adminPutPackage"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is revoked and has not run out, newest first
         * @description Roles: support, admin, auditor.
         */
        get: operations["tokens.revocations"];
        put?: never;
        /**
         * Refuse one token, or all that a user was given so far; every gateway knows within a second
         * @description Roles: admin, service.
         */
        post: operations["tokens.revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/tiers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every tier, retired ones included, lowest rank first
         * @description Roles: support, admin.
         */
        get: operations["tiers.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/tiers/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One tier
         * @description Roles: support, admin.
         */
        get: operations["tiers.get"];
        /**
         * Create a tier or change it; members keep the terms they agreed to
         * @description Roles: admin.
         */
        put: operations["tiers.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users with membership and balance: newest first, or by the word that query found
         * @description Roles: support, admin.
         */
        get: operations["users.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One user with membership and balance
         * @description Roles: support, admin.
         */
        get: operations["users.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/adjustments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Correct a balance; a negative amount takes at most what is available
         * @description Roles: admin.
         */
        post: operations["credits.adminAdjust"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Freeze an account: nothing can be spent or reserved; holds can still be captured
         * @description Roles: admin.
         */
        post: operations["credits.adminFreeze"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give credits
         * @description Roles: admin.
         */
        post: operations["credits.adminGrant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a package without payment
         * @description Roles: admin.
         */
        post: operations["credits.adminPackage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give back a consumption, all or part
         * @description Roles: admin.
         */
        post: operations["credits.adminRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set an active member's allowance to the quota now; a non-member keeps what there is
         * @description Roles: admin.
         */
        post: operations["credits.adminReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/credits/unfreeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a frozen account be used again
         * @description Roles: admin.
         */
        post: operations["credits.adminUnfreeze"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/membership": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make the user a member, or change tier, cycle or end; the same again changes nothing
         * @description Roles: admin.
         */
        put: operations["users.membership.set"];
        post?: never;
        /**
         * End the membership at once
         * @description Roles: admin.
         */
        delete: operations["users.membership.end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{userId}/membership/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every change of a user's membership, newest first
         * @description Roles: support, admin.
         */
        get: operations["users.membership.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Name users and set their memberships, up to 500; an outcome for each, in order
         * @description Roles: admin.
         */
        post: operations["users.batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The account: balance, allowance and grants. Serves a reset that is due first
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Up to 1,000 operations; an outcome for each, in order; one bad item never fails another
         * @description Roles: service.
         */
        post: operations["credits.batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/consume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Spend credits
         * @description Roles: user, service.
         */
        post: operations["credits.consume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the balance was made of at any past moment, grant by grant
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.explain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The open holds of an account, newest first, at most 100
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.holds"];
        put?: never;
        /**
         * Reserve credits until captured, released or expired
         * @description Roles: service.
         */
        post: operations["credits.hold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/holds/{holdId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A hold and how it ended
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.getHold"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/holds/{holdId}/capture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Spend a hold, all or part; the rest is freed
         * @description Roles: service.
         */
        post: operations["credits.capture"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/holds/{holdId}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Free a hold
         * @description Roles: service.
         */
        post: operations["credits.release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/low-balance-threshold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Below how many available credits a LowBalance event is sent
         * @description Roles: user, service.
         */
        put: operations["credits.setLowBalanceThreshold"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The catalogue: what this user may buy, and if not, why
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.packages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/packages/{code}/purchase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a paid package; once for each payment reference
         * @description Roles: service.
         */
        post: operations["credits.purchase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/refund": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give back a consumption, all or part, to the grants it came from
         * @description Roles: service.
         */
        post: operations["credits.refund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/schedule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The months of a yearly membership: given, skipped, scheduled
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.schedule"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ledger of an account, newest first
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.transactions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/transactions.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ledger of an account as CSV, oldest first, streamed
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.transactionsCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/transactions/{transactionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One row of the ledger
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.transaction"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Consumption over time, for charts
         * @description Roles: user, service, support, admin.
         */
        get: operations["credits.usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dev/clock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What time it is for the services (development only)
         * @description Roles: admin.
         */
        get: operations["gateway.getDevClock"];
        /**
         * Move the clock of every service (development only)
         * @description Roles: admin.
         */
        put: operations["gateway.putDevClock"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dev/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public keys of the development issuer, for others that accept its tokens (development only) */
        get: operations["gateway.devJwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dev/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The page where one chooses a demo user (development only) */
        get: operations["gateway.devSignInPage"];
        put?: never;
        /** A token for a demo user (development only) */
        post: operations["gateway.devSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dev/sign-in/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Script and style of the sign-in page (development only) */
        get: operations["gateway.devSignInAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dev/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who can sign in here (development only) */
        get: operations["gateway.devUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The documentation as a page */
        get: operations["gateway.docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/docs/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Script and style of the page */
        get: operations["gateway.docsAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Server-sent events `credits` and `membership` of the caller, each with its whole state and version
         * @description Roles: user.
         */
        get: operations["gateway.events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/membership": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's membership; tier is null for a non-member
         * @description Roles: user.
         */
        get: operations["membership.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/membership/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the membership end with its period; again: no change
         * @description Roles: user.
         */
        post: operations["membership.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/membership/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a cancellation back before it takes effect; again: no change
         * @description Roles: user.
         */
        post: operations["membership.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/membership/tiers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The tiers that can be joined, lowest rank first
         * @description Roles: user, support, admin, auditor, service.
         */
        get: operations["membership.tiers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document: OpenAPI 3.1, with the metered features that are in force */
        get: operations["gateway.openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is alive */
        get: operations["health.alive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The service can do its work */
        get: operations["health.ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ActivityEvent: {
            /** @description What admins have just done, each once: `approval.propose`, `alert.acknowledge`, … */
            actions: string[];
        };
        Alert: {
            /** Format: uuid */
            id: string;
            /** @description The rule and what it is about: one alert at a time for each. */
            fingerprint: string;
            /** @example large_change */
            rule: string;
            /**
             * @description Which kind of notice it leads to: repair, business, security, management, operations.
             * @enum {string}
             */
            family: "consistency" | "membership" | "transactions" | "admin" | "machinery";
            /** @enum {string} */
            severity: "info" | "warning" | "critical";
            /** @enum {string} */
            status: "open" | "acknowledged" | "resolved";
            userId: string | null;
            /** Format: date-time */
            firstSeenAt: string;
            /** Format: date-time */
            lastSeenAt: string;
            /** @description Events that led to it; for rules with a window: of the fullest one. */
            count: number;
            evidence: {
                [key: string]: unknown;
            };
            links: {
                /** @description The account it is about, in this API. */
                account: string | null;
                /** @description The trace of the event, where links.traceUrl says traces stand. */
                trace: string | null;
            };
            /** Format: date-time */
            raisedAt: string;
            /** Format: date-time */
            acknowledgedAt: string | null;
            acknowledgedBy: string | null;
            /** Format: date-time */
            resolvedAt: string | null;
            resolvedBy: string | null;
            /** @enum {string|null} */
            resolution: "recovered" | "manual" | null;
            note: string | null;
        };
        AlertEvent: {
            /**
             * @description raised: it is new, graver than before, or told again; recovered: it is over, by itself or by hand.
             * @enum {string}
             */
            change: "raised" | "recovered";
            alert: components["schemas"]["StaffAlert"];
        };
        AlertPage: {
            data: components["schemas"]["Alert"][];
            /** @description Null on the last page. */
            nextCursor: string | null;
        };
        Approval: {
            /** @example 1042 */
            id: string;
            /** @enum {string} */
            status: "pending" | "approved" | "rejected" | "expired";
            /** @enum {string} */
            operation: "grant" | "adjust" | "refund" | "package" | "repair";
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            /** @description The most it may move, signed. */
            amount: number;
            /**
             * @description Of a grant.
             * @enum {string|null}
             */
            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment" | null;
            /** @description Of a grant. */
            priority: number | null;
            /**
             * Format: date-time
             * @description When the grant itself would expire.
             * @example 2026-02-01T00:00:00.000Z
             */
            grantExpiresAt: string | null;
            /**
             * @description Of a refund.
             * @example 1042
             */
            refundedTransactionId: string | null;
            /** @description Of a package. */
            code: string | null;
            reason: string;
            proposedBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            proposedAt: string;
            /**
             * Format: date-time
             * @description Nobody can approve it from then on.
             * @example 2026-02-01T00:00:00.000Z
             */
            expiresAt: string;
            decidedBy: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            decidedAt: string | null;
            decisionReason: string | null;
            /**
             * @description What an approved one did.
             * @example 1042
             */
            transactionId: string | null;
        };
        AuditChange: {
            /** @description JSON Pointer (RFC 6901) to the value; empty: the whole state */
            path: string;
            /** @enum {string} */
            kind: "added" | "removed" | "changed";
            /** @description Null when it was added */
            before?: unknown;
            /** @description Null when it was removed */
            after?: unknown;
        };
        AuditEntry: {
            /** @description Unique for each action */
            id: string;
            /** @description Position in the chain, from 1, without gaps */
            seq: number;
            service: string;
            actor: string;
            roles: string[];
            action: string;
            target: string;
            /** @enum {string} */
            outcome: "succeeded" | "refused";
            reason: string;
            /** @description The state as the acting service recorded it; null: there was none */
            before?: unknown;
            /** @description The state as the acting service recorded it; null: there was none */
            after?: unknown;
            /** @description What is different between before and after, at most 200 places; for showing, not for proof */
            changes: components["schemas"]["AuditChange"][];
            ip: string;
            userAgent: string;
            requestId: string;
            traceId: string;
            /**
             * Format: date-time
             * @description When it was done
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the log took it in
             */
            recordedAt: string;
            prevHash: string;
            /** @description SHA-256 over the row and the hash before it, hexadecimal */
            hash: string;
        };
        AuditPage: {
            data: components["schemas"]["AuditEntry"][];
            nextCursor: string | null;
        };
        AuditVerification: {
            valid: boolean;
            /** @description Rows read */
            checked: number;
            firstBad: {
                /** @description Position of the first bad row: where it is, or should be */
                seq: number;
                /** @description The action's id, when a row stands there */
                id: string | null;
                /** @enum {string} */
                kind: "edited" | "missing" | "unlinked" | "tail_missing" | "rewritten" | "appended";
                detail: string;
            } | null;
            /** @description The last row of the archive; what was before it is proved by the archive's files */
            archivedUpTo: {
                seq: number;
                hash: string;
            } | null;
            /** @description The last row found in order */
            head: {
                seq: number;
                hash: string;
            };
            /** @description The heads the chain was held against */
            anchors: {
                source: string;
                seq: number;
                hash: string;
            }[];
        };
        CaptureExceedsHoldDetails: {
            /** @description What the hold reserved. */
            held: number;
        };
        Consistency: {
            /** @description Accounts with a comparison on record. */
            accountsChecked: number;
            equal: number;
            /** @description The status view is behind the books: events on their way. */
            lagging: number;
            different: number;
            /** Format: date-time */
            oldestCheckAt: string | null;
            /**
             * Format: date-time
             * @description Since when the longest of them stands still.
             */
            laggingSince: string | null;
            pass: {
                /** Format: date-time */
                startedAt: string | null;
                checked: number;
            };
            lastPass: {
                /** Format: date-time */
                startedAt: string | null;
                /** Format: date-time */
                finishedAt: string | null;
                checked: number | null;
            };
            passes: number;
            /** @description At most 100. */
            differences: {
                userId: string;
                /** Format: date-time */
                checkedAt: string;
                /** @description Codes of what does not add up. */
                problems: string[];
                credits: {
                    version: number;
                    balance: number;
                    held: number;
                };
                view: {
                    version: number;
                    balance: number;
                    held: number;
                } | null;
                /** @description What one call would do about it; null: nothing differs, or nobody could say. */
                repair: {
                    /**
                     * @description refresh_view: membership takes over what credits says. repair_books: credits makes the account agree with its ledger, by a row that says so.
                     * @enum {string}
                     */
                    action: "refresh_view" | "repair_books";
                    /** @description For the call that repairs: it is refused once something else differs. */
                    proposal: string;
                    /** @description Of the books; null: only the view changes. */
                    plan: {
                        /** @description Names the difference; it stays while the account moves on. */
                        proposal: string;
                        /** @description Of the account when it was planned. */
                        version: number;
                        /** @description The ledger itself is damaged: the row that tells of the repair is an opening balance. */
                        restates: boolean;
                        /** @description What stands in the account, and the sums over its grants and open holds. */
                        found: {
                            version: number;
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                            grants: number;
                            reserved: number;
                            holds: number;
                        };
                        /** @description What the customer was told last. */
                        told: {
                            balance: number;
                            held: number;
                        };
                        newestRow: {
                            version: number;
                            balance: number;
                        };
                        after: {
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                        };
                        /** @description Credits of a new grant, for what no grant holds. */
                        newGrant: number;
                        grantsChanged: number;
                        /** @description At most 20. */
                        grants: {
                            id: string;
                            kind: string;
                            remaining: {
                                from: number;
                                to: number;
                            };
                            reserved: {
                                from: number;
                                to: number;
                            };
                        }[];
                        holdsChanged: number;
                        /** @description At most 20. */
                        holds: {
                            id: string;
                            /** @enum {string} */
                            action: "reopened" | "closed" | "restored" | "released";
                            amount: number;
                        }[];
                    } | null;
                } | null;
            }[];
            /** Format: date-time */
            asOf: string;
        };
        ConsistencyCheckReport: {
            checked: number;
            equal: number;
            lagging: number;
            different: number;
            /** @description false: the pass goes on in the background. */
            complete: boolean;
            differences: {
                userId: string;
                /** Format: date-time */
                checkedAt: string;
                /** @description Codes of what does not add up. */
                problems: string[];
                credits: {
                    version: number;
                    balance: number;
                    held: number;
                };
                view: {
                    version: number;
                    balance: number;
                    held: number;
                } | null;
                /** @description What one call would do about it; null: nothing differs, or nobody could say. */
                repair: {
                    /**
                     * @description refresh_view: membership takes over what credits says. repair_books: credits makes the account agree with its ledger, by a row that says so.
                     * @enum {string}
                     */
                    action: "refresh_view" | "repair_books";
                    /** @description For the call that repairs: it is refused once something else differs. */
                    proposal: string;
                    /** @description Of the books; null: only the view changes. */
                    plan: {
                        /** @description Names the difference; it stays while the account moves on. */
                        proposal: string;
                        /** @description Of the account when it was planned. */
                        version: number;
                        /** @description The ledger itself is damaged: the row that tells of the repair is an opening balance. */
                        restates: boolean;
                        /** @description What stands in the account, and the sums over its grants and open holds. */
                        found: {
                            version: number;
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                            grants: number;
                            reserved: number;
                            holds: number;
                        };
                        /** @description What the customer was told last. */
                        told: {
                            balance: number;
                            held: number;
                        };
                        newestRow: {
                            version: number;
                            balance: number;
                        };
                        after: {
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                        };
                        /** @description Credits of a new grant, for what no grant holds. */
                        newGrant: number;
                        grantsChanged: number;
                        /** @description At most 20. */
                        grants: {
                            id: string;
                            kind: string;
                            remaining: {
                                from: number;
                                to: number;
                            };
                            reserved: {
                                from: number;
                                to: number;
                            };
                        }[];
                        holdsChanged: number;
                        /** @description At most 20. */
                        holds: {
                            id: string;
                            /** @enum {string} */
                            action: "reopened" | "closed" | "restored" | "released";
                            amount: number;
                        }[];
                    } | null;
                } | null;
            }[];
        };
        ConsistencyRepairReport: {
            userId: string;
            /**
             * @description refresh_view: membership takes over what credits says. repair_books: credits makes the account agree with its ledger, by a row that says so.
             * @enum {string}
             */
            action: "refresh_view" | "repair_books";
            /** @description The ledger row that tells of it; null: only the view changed. */
            transactionId: string | null;
            before: {
                userId: string;
                /** Format: date-time */
                checkedAt: string;
                /** @description Codes of what does not add up. */
                problems: string[];
                credits: {
                    version: number;
                    balance: number;
                    held: number;
                };
                view: {
                    version: number;
                    balance: number;
                    held: number;
                } | null;
                /** @description What one call would do about it; null: nothing differs, or nobody could say. */
                repair: {
                    /**
                     * @description refresh_view: membership takes over what credits says. repair_books: credits makes the account agree with its ledger, by a row that says so.
                     * @enum {string}
                     */
                    action: "refresh_view" | "repair_books";
                    /** @description For the call that repairs: it is refused once something else differs. */
                    proposal: string;
                    /** @description Of the books; null: only the view changes. */
                    plan: {
                        /** @description Names the difference; it stays while the account moves on. */
                        proposal: string;
                        /** @description Of the account when it was planned. */
                        version: number;
                        /** @description The ledger itself is damaged: the row that tells of the repair is an opening balance. */
                        restates: boolean;
                        /** @description What stands in the account, and the sums over its grants and open holds. */
                        found: {
                            version: number;
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                            grants: number;
                            reserved: number;
                            holds: number;
                        };
                        /** @description What the customer was told last. */
                        told: {
                            balance: number;
                            held: number;
                        };
                        newestRow: {
                            version: number;
                            balance: number;
                        };
                        after: {
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                        };
                        /** @description Credits of a new grant, for what no grant holds. */
                        newGrant: number;
                        grantsChanged: number;
                        /** @description At most 20. */
                        grants: {
                            id: string;
                            kind: string;
                            remaining: {
                                from: number;
                                to: number;
                            };
                            reserved: {
                                from: number;
                                to: number;
                            };
                        }[];
                        holdsChanged: number;
                        /** @description At most 20. */
                        holds: {
                            id: string;
                            /** @enum {string} */
                            action: "reopened" | "closed" | "restored" | "released";
                            amount: number;
                        }[];
                    } | null;
                } | null;
            };
            after: {
                userId: string;
                /** Format: date-time */
                checkedAt: string;
                /** @description Codes of what does not add up. */
                problems: string[];
                credits: {
                    version: number;
                    balance: number;
                    held: number;
                };
                view: {
                    version: number;
                    balance: number;
                    held: number;
                } | null;
                /** @description What one call would do about it; null: nothing differs, or nobody could say. */
                repair: {
                    /**
                     * @description refresh_view: membership takes over what credits says. repair_books: credits makes the account agree with its ledger, by a row that says so.
                     * @enum {string}
                     */
                    action: "refresh_view" | "repair_books";
                    /** @description For the call that repairs: it is refused once something else differs. */
                    proposal: string;
                    /** @description Of the books; null: only the view changes. */
                    plan: {
                        /** @description Names the difference; it stays while the account moves on. */
                        proposal: string;
                        /** @description Of the account when it was planned. */
                        version: number;
                        /** @description The ledger itself is damaged: the row that tells of the repair is an opening balance. */
                        restates: boolean;
                        /** @description What stands in the account, and the sums over its grants and open holds. */
                        found: {
                            version: number;
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                            grants: number;
                            reserved: number;
                            holds: number;
                        };
                        /** @description What the customer was told last. */
                        told: {
                            balance: number;
                            held: number;
                        };
                        newestRow: {
                            version: number;
                            balance: number;
                        };
                        after: {
                            balance: number;
                            held: number;
                            /** @enum {string} */
                            status: "active" | "frozen";
                            allowance: number;
                        };
                        /** @description Credits of a new grant, for what no grant holds. */
                        newGrant: number;
                        grantsChanged: number;
                        /** @description At most 20. */
                        grants: {
                            id: string;
                            kind: string;
                            remaining: {
                                from: number;
                                to: number;
                            };
                            reserved: {
                                from: number;
                                to: number;
                            };
                        }[];
                        holdsChanged: number;
                        /** @description At most 20. */
                        holds: {
                            id: string;
                            /** @enum {string} */
                            action: "reopened" | "closed" | "restored" | "released";
                            amount: number;
                        }[];
                    } | null;
                } | null;
            };
        };
        CreditAccount: {
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            balance: number;
            /** @description Reserved by open holds. */
            held: number;
            /** @description balance − held: what can be spent. */
            available: number;
            /** @description Rises by one with every change of the account. */
            version: number;
            /** @enum {string} */
            status: "active" | "frozen";
            /** @description Null for a non-member. */
            allowance: {
                tier: string;
                monthlyCredits: number;
                remaining: number;
                /**
                 * Format: date-time
                 * @description Null when the membership ends before another reset.
                 * @example 2026-02-01T00:00:00.000Z
                 */
                nextResetAt: string | null;
            } | null;
            /** @description Open grants in the order of spending. */
            grants: {
                /** @example 1042 */
                id: string;
                /** @enum {string} */
                kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                remaining: number;
                /** @description Lower is spent first. */
                priority: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, with Z or an offset.
                 * @example 2026-02-01T00:00:00.000Z
                 */
                expiresAt: string | null;
            }[];
            /** @description Below this a LowBalance event is sent; 0: never. */
            lowBalanceThreshold: number;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            asOf: string;
        };
        CreditHold: {
            /** @example 1042 */
            holdId: string;
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            amount: number;
            captured: number;
            /** @enum {string} */
            status: "open" | "captured" | "released" | "expired";
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            endedAt: string | null;
            reason: string;
            feature: string | null;
            /**
             * @description The consumption of a capture.
             * @example 1042
             */
            transactionId: string | null;
        };
        CreditMovement: {
            /** @example 1042 */
            transactionId: string;
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            /** @description How many credits, positive. */
            amount: number;
            balanceBefore: number;
            balanceAfter: number;
            heldAfter: number;
            available: number;
            /** @description Rises by one with every change of the account. */
            version: number;
            /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
            draws: {
                /** @example 1042 */
                grantId: string;
                /** @enum {string} */
                kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                amount: number;
            }[];
        };
        CreditsEvent: {
            userId: string;
            balance: number;
            held: number;
            available: number;
            version: number;
            /** @enum {string} */
            status: "active" | "frozen";
            allowance: {
                tier: string;
                monthlyCredits: number;
                remaining: number;
                /**
                 * Format: date-time
                 * @description RFC 3339, with Z or an offset.
                 * @example 2026-02-01T00:00:00.000Z
                 */
                nextResetAt: string | null;
            } | null;
            transaction: {
                id: string;
                type: string;
                amount: number;
                balanceBefore: number;
                balanceAfter: number;
                heldAfter: number;
                reason: string;
                feature: string | null;
                /**
                 * Format: date-time
                 * @description RFC 3339, with Z or an offset.
                 * @example 2026-02-01T00:00:00.000Z
                 */
                createdAt: string;
            } | null;
        };
        CreditTransaction: {
            /** @example 1042 */
            id: string;
            /** @enum {string} */
            type: "consume" | "refund" | "grant" | "reset" | "expire" | "hold" | "release" | "adjust" | "freeze" | "unfreeze";
            /** @description Signed change of the balance; 0 for hold, release, freeze, unfreeze. */
            amount: number;
            balanceBefore: number;
            balanceAfter: number;
            heldAfter: number;
            /** @description Rises by one with every change of the account. */
            version: number;
            reason: string;
            feature: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            createdAt: string;
            /** @description The consumption a refund gives back, or the hold. */
            relatedId: string | null;
            /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
            draws: {
                /** @example 1042 */
                grantId: string;
                /** @enum {string} */
                kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                amount: number;
            }[];
            /** @description Signed change of what is held. */
            heldChange: number;
            /** @enum {string|null} */
            grantKind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment" | null;
            actor: string;
            metadata: {
                [key: string]: unknown;
            } | null;
        };
        DailyTotals: {
            /** @description Oldest first, days without events included; the last one is today. */
            data: {
                /**
                 * Format: date
                 * @description UTC.
                 */
                day: string;
                /** @description By kind of event, as `today` of the overview. */
                kinds: {
                    [key: string]: {
                        events: number;
                        amount: number;
                    };
                };
            }[];
            /** Format: date-time */
            asOf: string;
        };
        DemoUser: {
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            /**
             * @description For people.
             * @example Alice Martin
             */
            name: string;
            email: string;
            roles: ("user" | "support" | "admin" | "auditor")[];
            /** @description What this user is good for, in one line. */
            about: {
                en: string;
                "zh-CN": string;
            };
        };
        DevClock: {
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            now: string;
            /** @description Milliseconds that the services' clocks stand off the real one. */
            offsetMs: number;
        };
        DevSession: {
            /** @description A JWT, to be sent as Authorization: Bearer. */
            token: string;
            /** @enum {string} */
            tokenType: "Bearer";
            /**
             * Format: date-time
             * @description By the real clock, whatever the development clock says.
             * @example 2026-02-01T00:00:00.000Z
             */
            expiresAt: string;
            user: components["schemas"]["DemoUser"];
        };
        HoldEndedDetails: {
            holdId: string;
            /** @enum {string} */
            holdStatus: "captured" | "released" | "expired";
        };
        InsufficientCreditsDetails: {
            required: number;
            available: number;
            /** @description required − available. */
            shortfall: number;
            /** @description What can be done about it. */
            options: ({
                /** @constant */
                action: "top_up";
                packages: {
                    code: string;
                    credits: number;
                }[];
                href: string;
            } | {
                /** @constant */
                action: "upgrade";
                currentTier: string | null;
                href: string;
            })[];
        };
        Membership: {
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            /**
             * @description Null without an active membership.
             * @example starter-100
             */
            tier: string | null;
            /**
             * @description none: never a member; cancelled: the period ran out after a cancellation; expired: the agreed end came; ended: an admin ended it.
             * @enum {string}
             */
            status: "none" | "active" | "cancelled" | "expired" | "ended";
            /** @enum {string|null} */
            cycle: "monthly" | "yearly" | null;
            /**
             * Format: date-time
             * @description The join day: periods are counted from here.
             * @example 2026-02-01T00:00:00.000Z
             */
            startedAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            currentPeriodStart: string | null;
            /**
             * Format: date-time
             * @description Exclusive. Renews here unless it ends.
             * @example 2026-02-01T00:00:00.000Z
             */
            currentPeriodEnd: string | null;
            /**
             * Format: date-time
             * @description The agreed end, if there is one. Exclusive.
             * @example 2026-02-01T00:00:00.000Z
             */
            expiresAt: string | null;
            cancelAtPeriodEnd: boolean;
            /**
             * @description Takes over at currentPeriodEnd: a scheduled downgrade.
             * @example starter-100
             */
            pendingTier: string | null;
            /**
             * @description Takes over at currentPeriodEnd.
             * @enum {string|null}
             */
            pendingCycle: "monthly" | "yearly" | null;
            monthlyCredits: number | null;
            /**
             * @description The tier of the newest membership, even when that has ended.
             * @example starter-100
             */
            lastTier: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            endedAt: string | null;
            membershipId: string | null;
            /** @description Rises by one with every change; send it as If-Match. */
            version: number;
        };
        MembershipChange: {
            /** @description Rises by one with every change; send it as If-Match. */
            version: number;
            /**
             * @description What happened.
             * @example upgraded
             */
            change: string;
            /**
             * @description Of the membership right after.
             * @example starter-100
             */
            tier: string | null;
            /**
             * @description none: never a member; cancelled: the period ran out after a cancellation; expired: the agreed end came; ended: an admin ended it.
             * @enum {string}
             */
            status: "none" | "active" | "cancelled" | "expired" | "ended";
            /** @enum {string|null} */
            cycle: "monthly" | "yearly" | null;
            actor: string;
            reason: string;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            occurredAt: string;
        };
        MembershipEvent: {
            userId: string;
            tier: string | null;
            status: string;
            cycle: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            startedAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            currentPeriodStart: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            currentPeriodEnd: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            expiresAt: string | null;
            cancelAtPeriodEnd: boolean;
            pendingTier: string | null;
            monthlyCredits: number | null;
            version: number;
        };
        NotificationDelivery: {
            /**
             * Format: uuid
             * @description The same at every attempt: webhook-id of a webhook, Message-ID of a mail.
             */
            deliveryId: string;
            channel: string;
            /**
             * @description One change of an alert, a digest, or what quiet hours held back.
             * @enum {string}
             */
            kind: "change" | "digest" | "quiet";
            /** @enum {string} */
            status: "waiting" | "sent" | "failed";
            attempts: number;
            /** @description Changes of alerts in it. */
            changes: number;
            /** Format: uuid */
            firstAlertId: string | null;
            /** Format: date-time */
            nextAttemptAt: string | null;
            lastError: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            finishedAt: string | null;
        };
        NotificationPage: {
            data: components["schemas"]["NotificationDelivery"][];
            /** @description Null on the last page. */
            nextCursor: string | null;
        };
        NotificationTest: {
            channel: string;
            /** Format: uuid */
            deliveryId: string;
        };
        OpenAlertsEvent: {
            /** @description Alerts that are open now, newest first. */
            open: components["schemas"]["StaffAlert"][];
            /** @description There are older open alerts than these. */
            more: boolean;
        };
        Overview: {
            alerts: {
                open: number;
                acknowledged: number;
                bySeverity: {
                    [key: string]: number;
                };
                byFamily: {
                    [key: string]: number;
                };
            };
            accounts: {
                known: number;
                frozen: number;
                balance: number;
                held: number;
                withGaps: number;
            };
            members: {
                active: number;
                /** @description Active members of each tier. */
                byTier: {
                    [key: string]: number;
                };
                byStatus: {
                    [key: string]: number;
                };
            };
            /** @description By kind of event, since 00:00 UTC; amount: signed whole credits. */
            today: {
                [key: string]: {
                    events: number;
                    amount: number;
                };
            };
            topics: {
                topic: string;
                events: number;
                /** Format: date-time */
                lastEventAt: string;
                /** Format: date-time */
                readAt: string;
            }[];
            consistency: {
                accountsChecked: number;
                lagging: number;
                different: number;
                /** Format: date-time */
                oldestCheckAt: string | null;
            };
            /** Format: date-time */
            asOf: string;
        };
        Problem: {
            /** @description urn:stipend:problem:<code> */
            type: string;
            title: string;
            status: number;
            /** @enum {string} */
            code: "account_already_frozen" | "account_frozen" | "account_not_frozen" | "alert_not_found" | "alert_resolved" | "allowance_served" | "already_served" | "anchor_unavailable" | "approval_decided" | "approval_expired" | "approval_not_found" | "approval_outdated" | "body_too_large" | "capture_exceeds_hold" | "channel_not_found" | "charge_failed" | "clock_not_everywhere" | "conflict" | "database_busy" | "database_unavailable" | "demo_user_unknown" | "end_date_in_past" | "events_unavailable" | "feature_failed" | "feature_timed_out" | "forbidden" | "headers_too_large" | "hold_ended" | "hold_not_found" | "idempotency_key_invalid" | "idempotency_key_required" | "idempotency_key_reused" | "identity_provider_unavailable" | "insufficient_credits" | "internal_error" | "internal_token_required" | "invalid_cursor" | "malformed_json" | "malformed_request" | "membership_exists" | "membership_required" | "method_not_allowed" | "not_found" | "not_refundable" | "nothing_to_refund" | "nothing_to_repair" | "notification_failed" | "outcome_unknown" | "overloaded" | "own_proposal" | "package_inactive" | "package_not_found" | "payment_reference_used" | "precondition_failed" | "proposal_outdated" | "rate_limited" | "refund_exceeds_original" | "repair_by_hand" | "request_in_progress" | "request_timeout" | "revocation_out_of_time" | "revocations_full" | "revocations_unknown" | "role_required" | "second_admin_required" | "shutting_down" | "sign_in_from_elsewhere" | "start_date_in_future" | "tier_not_found" | "tier_retired" | "token_algorithm_refused" | "token_audience_wrong" | "token_claim_missing" | "token_expired" | "token_invalid" | "token_issuer_wrong" | "token_key_unknown" | "token_malformed" | "token_missing" | "token_not_yet_valid" | "token_revoked" | "token_signature_invalid" | "token_subject_invalid" | "too_many_attempts" | "too_many_streams" | "transaction_not_found" | "transition_not_allowed" | "unknown_tier" | "unsupported_media_type" | "upstream_failed" | "upstream_timeout" | "upstream_unavailable" | "user_not_found" | "validation_failed" | "version_conflict";
            detail: string;
            /** @description What to do about it. */
            action: string;
            requestId?: string;
        } & {
            [key: string]: unknown;
        };
        RefundExceedsOriginalDetails: {
            /** @description What is left to give back. */
            refundable: number;
        };
        Revocation: {
            id: string;
            /**
             * @description Whose tokens, or null when one token was revoked.
             * @example alice
             */
            userId: string | null;
            /**
             * @description Which token, or null when all of a user were.
             * @example 0f9c3a4e-7f0c-4b4e-9a68-0d5b3f6f7a11
             */
            jti: string | null;
            /**
             * Format: date-time
             * @description Of a user's tokens those issued (iat) by then are refused.
             * @example 2026-02-01T00:00:00.000Z
             */
            issuedUntil: string;
            /**
             * Format: date-time
             * @description Every token concerned must have expired by then.
             * @example 2026-02-01T00:00:00.000Z
             */
            standsUntil: string;
            reason: string;
            actor: string;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            revokedAt: string;
        };
        StaffAlert: {
            /** Format: uuid */
            id: string;
            /** @example large_change */
            rule: string;
            /**
             * @description Which kind of notice it leads to: repair, business, security, management, operations.
             * @enum {string}
             */
            family: "consistency" | "membership" | "transactions" | "admin" | "machinery";
            /** @enum {string} */
            severity: "info" | "warning" | "critical";
            /** @enum {string} */
            status: "open" | "acknowledged" | "resolved";
            /** Format: date-time */
            firstSeenAt: string;
            /** Format: date-time */
            lastSeenAt: string;
            /** @description Events that led to it; for rules with a window: of the fullest one. */
            count: number;
        };
        Tier: {
            /** @example starter-100 */
            tier: string;
            displayName: string;
            monthlyCredits: number;
            /** @description A higher rank is an upgrade. */
            rank: number;
            /**
             * @description Allowance months: from the 1st, or the join day.
             * @enum {string}
             */
            anchor: "calendar" | "anniversary";
            /** @enum {string} */
            firstPeriod: "full" | "prorated";
            /** @description Most unused credits that move into the next allowance period. */
            rolloverCap: number;
            /**
             * @description What happens to the rest of the allowance at the end.
             * @enum {string}
             */
            onExpiry: "keep" | "forfeit";
            /** @description What it offers, in words for the catalogue. */
            features: string[];
            /** @description False: retired. Members keep it, nobody new may join. */
            offered: boolean;
            /** @description Rises by one with every change; send it as If-Match. */
            version: number;
        };
        TierNotFoundDetails: {
            tiers: string[];
        };
        TransitionNotAllowedDetails: {
            state: string;
            allowed: string[];
            currentVersion: number;
        };
        UnknownTierDetails: {
            tiers: string[];
        };
        User: {
            /**
             * @description A user id, compared byte for byte.
             * @example alice
             */
            userId: string;
            email: string | null;
            name: string | null;
            /** @example starter-100 */
            tier: string | null;
            /**
             * @description none: never a member; cancelled: the period ran out after a cancellation; expired: the agreed end came; ended: an admin ended it.
             * @enum {string}
             */
            status: "none" | "active" | "cancelled" | "expired" | "ended";
            /** @enum {string|null} */
            cycle: "monthly" | "yearly" | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            startedAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            currentPeriodEnd: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            expiresAt: string | null;
            cancelAtPeriodEnd: boolean;
            /** @example starter-100 */
            pendingTier: string | null;
            monthlyCredits: number | null;
            /** @example starter-100 */
            lastTier: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            endedAt: string | null;
            /** @description Rises by one with every change; send it as If-Match. */
            membershipVersion: number;
            /** @description As the events of credits told it; balanceVersion says which state that is. */
            balance: number;
            held: number;
            /** @description 0: credits has not told of this account yet. */
            balanceVersion: number;
            /** @enum {string} */
            accountStatus: "active" | "frozen";
            /**
             * Format: date-time
             * @description RFC 3339, with Z or an offset.
             * @example 2026-02-01T00:00:00.000Z
             */
            firstSeenAt: string;
        };
        ValidationFailedDetails: {
            /** @description At most 50. Left out where no single field is it. */
            errors?: {
                /**
                 * @description JSON pointer; empty: the whole value.
                 * @example /operations/3/amount
                 */
                field: string;
                /** @enum {string} */
                in?: "params" | "query" | "body" | "headers";
                message: string;
            }[];
        };
        VersionConflictDetails: {
            /** @description Read it anew, and send this as If-Match. */
            currentVersion: number;
        };
    };
    responses: {
        /** @description token_algorithm_refused, token_audience_wrong, token_claim_missing, token_expired, token_issuer_wrong, token_key_unknown, token_malformed, token_missing, token_not_yet_valid, token_revoked, token_signature_invalid, token_subject_invalid */
        TokenRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description internal_token_required */
        InternalTokenRequired: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description role_required */
        RoleRequired: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description body_too_large */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description unsupported_media_type */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description rate_limited */
        RateLimited: {
            headers: {
                /** @description Whole seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description internal_error */
        InternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description upstream_failed */
        UpstreamFailed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description upstream_timeout */
        UpstreamTimeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "monitor.alerts.list": {
        parameters: {
            query?: {
                /** @description Which kind of notice it leads to: repair, business, security, management, operations. */
                family?: "consistency" | "membership" | "transactions" | "admin" | "machinery";
                status?: "open" | "acknowledged" | "resolved";
                severity?: "info" | "warning" | "critical";
                rule?: string;
                /** @description A user id, compared byte for byte. */
                userId?: string;
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of alerts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertPage"];
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.alerts.acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The alert; unchanged if it was acknowledged already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description alert_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description alert_resolved */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.alerts.resolve": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The alert */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description alert_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description alert_resolved */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.approvals": {
        parameters: {
            query?: {
                status?: "pending" | "approved" | "rejected" | "expired";
                /** @description A user id, compared byte for byte. */
                userId?: string;
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Approval"][];
                        /** @description Null on the last page. */
                        nextCursor: string | null;
                    };
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.approve": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                approvalId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Done; transactionId says what */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description insufficient_credits */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "insufficient_credits";
                    } & components["schemas"]["InsufficientCreditsDetails"];
                };
            };
            /** @description own_proposal, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description approval_not_found, package_not_found, transaction_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description approval_decided, approval_expired, approval_outdated, not_refundable, nothing_to_refund, package_inactive, payment_reference_used, refund_exceeds_original */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "refund_exceeds_original";
                    } & components["schemas"]["RefundExceedsOriginalDetails"]) | components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.reject": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                approvalId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description approval_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description approval_decided, approval_expired */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "audit.list": {
        parameters: {
            query?: {
                /** @description Who acted: a subject */
                actor?: string;
                /** @description What was done */
                action?: string;
                /** @description A bare user id or code */
                target?: string;
                outcome?: "succeeded" | "refused";
                ip?: string;
                /** @description Text that the reason contains; upper and lower case differ */
                reason?: string;
                /** @description Not before; inclusive */
                from?: string;
                /** @description Before; exclusive */
                to?: string;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the log */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "audit.csv": {
        parameters: {
            query?: {
                /** @description Who acted: a subject */
                actor?: string;
                /** @description What was done */
                action?: string;
                /** @description A bare user id or code */
                target?: string;
                outcome?: "succeeded" | "refused";
                ip?: string;
                /** @description Text that the reason contains; upper and lower case differ */
                reason?: string;
                /** @description Not before; inclusive */
                from?: string;
                /** @description Before; exclusive */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 4180, UTF-8, with a header row */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "audit.jsonl": {
        parameters: {
            query?: {
                /** @description Who acted: a subject */
                actor?: string;
                /** @description What was done */
                action?: string;
                /** @description A bare user id or code */
                target?: string;
                outcome?: "succeeded" | "refused";
                ip?: string;
                /** @description Text that the reason contains; upper and lower case differ */
                reason?: string;
                /** @description Not before; inclusive */
                from?: string;
                /** @description Before; exclusive */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One JSON object a line, every field a text */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": unknown;
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "audit.verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether the log is whole, and the first bad row if not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerification"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description anchor_unavailable, database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accounts checked, differences, lag */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Consistency"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.consistency.check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description One account; left out: every account.
                     * @example alice
                     */
                    userId?: string;
                };
            };
        };
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyCheckReport"];
                };
            };
            /** @description The pass goes on in the background; what was found so far */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyCheckReport"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.consistency.repair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description A user id, compared byte for byte.
                     * @example alice
                     */
                    userId: string;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                    /** @description Of the alert or difference that was looked at; left out: whatever differs by now. */
                    proposal?: string;
                };
            };
        };
        responses: {
            /** @description What was wrong, and how it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyRepairReport"];
                };
            };
            /** @description It changes more than one admin alone may: another one has to approve it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        approvalId: string;
                    };
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description nothing_to_repair, proposal_outdated, repair_by_hand */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.openAccounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 524,288 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                    /**
                     * @description Judge everything, keep nothing.
                     * @default false
                     */
                    dryRun?: boolean;
                    /** @description Each is judged by itself; a bad one fails no other. balance is all that the user has; remaining is the part of it that is left of the present month's allowance, which then counts as given: monthlyCredits are what the tier gives a month, cycle, anchor and startedAt (the join day; left out: now) say which month that is. Without allowance the first event of a membership gives one as to any new member. key is the item's idempotency key, 1-150 visible ASCII characters. */
                    items: {
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        balance: number;
                        allowance?: {
                            remaining: number;
                            monthlyCredits: number;
                            /** @enum {string} */
                            cycle: "monthly" | "yearly";
                            /** @enum {string} */
                            anchor: "calendar" | "anniversary";
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            startedAt?: string;
                        };
                    }[];
                };
            };
        };
        responses: {
            /** @description One result an item, in the order given */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: ({
                            key: string | null;
                            /** @description The HTTP status a single call would have answered. */
                            status: number;
                            /** @description Of a refusal: allowance_served, idempotency_key_reused, second_admin_required, validation_failed. */
                            code?: string;
                            /** @description Done before under this key. */
                            replayed?: boolean;
                            balanceAfter?: number;
                            /** @description Rises by one with every change of the account. */
                            version?: number;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description role_required, second_admin_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description allowance_served */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "gateway.staffEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description First `alerts` with every alert that is open now, so that a reader that comes again has missed none; then `alert` for each that is raised or over, and `activity` with the names of what admins did. None of them names a user. Data: OpenAlertsEvent, AlertEvent or ActivityEvent as JSON. A heartbeat every 15 s; the stream ends with its token or its revocation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["OpenAlertsEvent"] | components["schemas"]["AlertEvent"] | components["schemas"]["ActivityEvent"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description rate_limited, too_many_streams */
            429: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.notifications.list": {
        parameters: {
            query?: {
                channel?: string;
                status?: "waiting" | "sent" | "failed";
                alertId?: string;
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPage"];
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.notifications.test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @description A channel of deploy/monitor.yaml */
                    channel: string;
                };
            };
        };
        responses: {
            /** @description The channel took it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationTest"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description channel_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description notification_failed */
            424: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts, as the events told them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "monitor.overview.days": {
        parameters: {
            query?: {
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One entry a day */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DailyTotals"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminPackages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The packages */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            /** @example starter-100 */
                            code: string;
                            name: string;
                            credits: number;
                            /** @description Price in the smallest unit of the currency. */
                            priceMinor: number;
                            currency: string;
                            /** @description Days until the credits expire; null: never. */
                            validDays: number | null;
                            requiresMembership: boolean;
                            priority: number;
                            active: boolean;
                            version: number;
                        }[];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminGetPackage": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The package; its version is the ETag */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example starter-100 */
                        code: string;
                        name: string;
                        credits: number;
                        /** @description Price in the smallest unit of the currency. */
                        priceMinor: number;
                        currency: string;
                        /** @description Days until the credits expire; null: never. */
                        validDays: number | null;
                        requiresMembership: boolean;
                        priority: number;
                        active: boolean;
                        version: number;
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description package_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminPutPackage": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that was read, in quotes: refused when it has changed since. */
                "If-Match"?: string;
            };
            path: {
                code: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * @description Whole credits.
                     * @example 1
                     */
                    credits: number;
                    /** @default 0 */
                    priceMinor?: number;
                    /** @default USD */
                    currency?: string;
                    /** @default null */
                    validDays?: number | null;
                    /** @default 50 */
                    priority?: number;
                    /** @default true */
                    requiresMembership?: boolean;
                    /** @default true */
                    active?: boolean;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The package as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example starter-100 */
                        code: string;
                        name: string;
                        credits: number;
                        /** @description Price in the smallest unit of the currency. */
                        priceMinor: number;
                        currency: string;
                        /** @description Days until the credits expire; null: never. */
                        validDays: number | null;
                        requiresMembership: boolean;
                        priority: number;
                        active: boolean;
                        version: number;
                    };
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description precondition_failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "tokens.revocations": {
        parameters: {
            query?: {
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of revocations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Revocation"][];
                        /** @description Null on the last page. */
                        nextCursor: string | null;
                    };
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "tokens.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description A user id, compared byte for byte.
                     * @example alice
                     */
                    userId?: string;
                    /**
                     * @description The token's claim jti.
                     * @example 0f9c3a4e-7f0c-4b4e-9a68-0d5b3f6f7a11
                     */
                    jti?: string;
                    /**
                     * Format: date-time
                     * @description How long it has to be remembered, at most 400 days: until the last token concerned has expired. Default: 30 days.
                     * @example 2026-02-01T00:00:00.000Z
                     */
                    standsUntil?: string;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description It stands; the same again makes it last longer, never shorter */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revocation"];
                };
            };
            /** @description malformed_json, malformed_request, revocation_out_of_time, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description revocations_full */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "tiers.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tiers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tier"][];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "tiers.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tier */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tier"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description tier_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "tier_not_found";
                    } & components["schemas"]["TierNotFoundDetails"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "tiers.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that was read, in quotes: refused when it has changed since. */
                "If-Match"?: string;
            };
            path: {
                code: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    monthlyCredits: number;
                    /** @description New tiers: the code. */
                    displayName?: string;
                    /** @description New tiers: above all others. */
                    rank?: number;
                    /**
                     * @description Allowance months: from the 1st, or the join day.
                     * @enum {string}
                     */
                    anchor?: "calendar" | "anniversary";
                    /** @enum {string} */
                    firstPeriod?: "full" | "prorated";
                    /** @description Most unused credits that move into the next allowance period. */
                    rolloverCap?: number;
                    /**
                     * @description What happens to the rest of the allowance at the end.
                     * @enum {string}
                     */
                    onExpiry?: "keep" | "forfeit";
                    features?: string[];
                    offered?: boolean;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The tier was changed; what was left out stayed as it was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tier"];
                };
            };
            /** @description The tier is new */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tier"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description version_conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "version_conflict";
                    } & components["schemas"]["VersionConflictDetails"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "users.list": {
        parameters: {
            query?: {
                /** @description The beginning of a user id, an e-mail address, its domain, a name or a word of a name. */
                query?: string;
                /** @description Of the active membership, unless status names another one. */
                tier?: string;
                /** @description none: never a member; cancelled: the period ran out after a cancellation; expired: the agreed end came; ended: an admin ended it. */
                status?: "none" | "active" | "cancelled" | "expired" | "ended";
                balanceMin?: number | null;
                balanceMax?: number | null;
                /** @description Memberships whose agreed end is at or after this. */
                endsFrom?: string;
                /** @description Memberships whose agreed end is before this. */
                endsTo?: string;
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["User"][];
                        /** @description Null on the last page. */
                        nextCursor: string | null;
                    };
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "users.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminAdjust": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @description Signed. */
                    amount: number;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Corrected; amount is signed and may be nearer to 0 than what was asked for */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditMovement"];
                };
            };
            /** @description Above the four-eyes threshold: waits for a second admin */
            202: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        approvalId: string;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description insufficient_credits */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "insufficient_credits";
                    } & components["schemas"]["InsufficientCreditsDetails"];
                };
            };
            403: components["responses"]["RoleRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminFreeze": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Frozen */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @enum {string} */
                        status: "active" | "frozen";
                        /** @description Rises by one with every change of the account. */
                        version: number;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description account_already_frozen */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminGrant": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Whole credits.
                     * @example 1
                     */
                    amount: number;
                    /**
                     * @default bonus
                     * @enum {string}
                     */
                    kind?: "package" | "bonus" | "purchase" | "refund" | "adjustment";
                    /** @description Lower is spent first. */
                    priority?: number;
                    /**
                     * Format: date-time
                     * @description In the future. Left out: never.
                     * @example 2026-02-01T00:00:00.000Z
                     */
                    expiresAt?: string;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Given */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example 1042 */
                        grantId: string;
                    };
                };
            };
            /** @description Above the four-eyes threshold: waits for a second admin */
            202: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        approvalId: string;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminPackage": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @example starter-100 */
                    code: string;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Given */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example starter-100 */
                        code: string;
                        /** @example 1042 */
                        grantId: string;
                    };
                };
            };
            /** @description Above the four-eyes threshold: waits for a second admin */
            202: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        approvalId: string;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description package_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description package_inactive */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminRefund": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @example 1042 */
                    transactionId: string;
                    /**
                     * @description Left out: all that is left of it.
                     * @example 1
                     */
                    amount?: number;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Given back */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example 1042 */
                        refundedTransactionId: string;
                    };
                };
            };
            /** @description Above the four-eyes threshold: waits for a second admin */
            202: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        approvalId: string;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description transaction_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_refundable, nothing_to_refund, refund_exceeds_original */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "refund_exceeds_original";
                    } & components["schemas"]["RefundExceedsOriginalDetails"]) | components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminReset": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description What the account holds afterwards */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description False for a non-member: nothing was changed. */
                        reset: boolean;
                        /** @example 1042 */
                        transactionId: string | null;
                        balanceBefore: number;
                        balanceAfter: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.adminUnfreeze": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Unfrozen */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @enum {string} */
                        status: "active" | "frozen";
                        /** @description Rises by one with every change of the account. */
                        version: number;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description account_not_frozen */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "users.membership.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key"?: string;
                /** @description The version that was read, in quotes: refused when it has changed since. */
                "If-Match"?: string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @example starter-100 */
                    tier: string;
                    /** @enum {string} */
                    cycle: "monthly" | "yearly";
                    /**
                     * Format: date-time
                     * @description The agreed end, in the future. null: none. Left out: as it is (a new membership has none).
                     * @example 2026-02-01T00:00:00.000Z
                     */
                    expiresAt?: string | null;
                    /**
                     * @description A member of this tier keeps the terms agreed to, or agrees to the tier's terms of today.
                     * @default keep
                     * @enum {string}
                     */
                    terms?: "keep" | "latest";
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The membership as it is now */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
            /** @description end_date_in_past, idempotency_key_invalid, malformed_json, malformed_request, unknown_tier, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "unknown_tier";
                    } & components["schemas"]["UnknownTierDetails"]) | (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description tier_retired, version_conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "version_conflict";
                    } & components["schemas"]["VersionConflictDetails"]) | components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "users.membership.end": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key"?: string;
                /** @description The version that was read, in quotes: refused when it has changed since. */
                "If-Match"?: string;
            };
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The membership as it is now */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
            /** @description idempotency_key_invalid, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description transition_not_allowed, version_conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "transition_not_allowed";
                    } & components["schemas"]["TransitionNotAllowedDetails"]) | (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "version_conflict";
                    } & components["schemas"]["VersionConflictDetails"]);
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "users.membership.history": {
        parameters: {
            query?: {
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description A user id, compared byte for byte. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page; empty for somebody who was never a member */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["MembershipChange"][];
                        /** @description Null on the last page. */
                        nextCursor: string | null;
                    };
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "users.batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 1,048,576 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                    /**
                     * @description Judge everything, keep nothing.
                     * @default false
                     */
                    dryRun?: boolean;
                    /** @description Each is judged by itself; a bad one fails no other. membership is judged as PUT …/membership would judge it; without it the user is named only. startedAt is the join day of a member who comes from another system: for a user's first membership only, not in the future. key is the item's idempotency key, 1-255 visible ASCII characters. */
                    items: {
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        email?: string;
                        name?: string;
                        membership?: {
                            /** @example starter-100 */
                            tier: string;
                            /** @enum {string} */
                            cycle: "monthly" | "yearly";
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            startedAt?: string;
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            expiresAt?: string;
                        };
                    }[];
                };
            };
        };
        responses: {
            /** @description One result an item, in the order given */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: ({
                            key: string | null;
                            /** @description The HTTP status the single call would have answered. */
                            status: number;
                            /** @description Of a refusal: the problem's code. */
                            code?: string;
                            /** @description Done before under this key. */
                            replayed?: boolean;
                            /** @description False: it was so already. */
                            changed?: boolean;
                            /** @example starter-100 */
                            tier?: string | null;
                            /**
                             * @description none: never a member; cancelled: the period ran out after a cancellation; expired: the agreed end came; ended: an admin ended it.
                             * @enum {string}
                             */
                            membershipStatus?: "none" | "active" | "cancelled" | "expired" | "ended";
                            /** @description Rises by one with every change; send it as If-Match. */
                            version?: number;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            /** @description end_date_in_past, malformed_json, malformed_request, start_date_in_future, unknown_tier, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "unknown_tier";
                    } & components["schemas"]["UnknownTierDetails"]) | (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description membership_exists, tier_retired */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.account": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditAccount"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 1,048,576 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @description key is the item's idempotency key; the other fields are those of the single calls. */
                    operations: ({
                        /** @enum {string} */
                        op: "consume";
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /**
                         * @description Why, in words that the account's owner may read.
                         * @example rewrite of a paragraph
                         */
                        reason: string;
                        /**
                         * @description Whole credits.
                         * @example 1
                         */
                        amount: number;
                        /**
                         * @description The product feature that spends.
                         * @example rewrite
                         */
                        feature?: string;
                        /** @description Facts of your own, kept with the transaction. */
                        metadata?: {
                            [key: string]: string | number | boolean | null;
                        };
                    } | {
                        /** @enum {string} */
                        op: "refund";
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /**
                         * @description Why, in words that the account's owner may read.
                         * @example rewrite of a paragraph
                         */
                        reason: string;
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description Whole credits.
                         * @example 1
                         */
                        amount?: number;
                    } | {
                        /** @enum {string} */
                        op: "hold";
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /**
                         * @description Why, in words that the account's owner may read.
                         * @example rewrite of a paragraph
                         */
                        reason: string;
                        /**
                         * @description Whole credits.
                         * @example 1
                         */
                        amount: number;
                        ttlSeconds: number;
                        /**
                         * @description The product feature that spends.
                         * @example rewrite
                         */
                        feature?: string;
                        /** @description Facts of your own, kept with the transaction. */
                        metadata?: {
                            [key: string]: string | number | boolean | null;
                        };
                    } | {
                        /** @enum {string} */
                        op: "capture";
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /**
                         * @description Why, in words that the account's owner may read.
                         * @example rewrite of a paragraph
                         */
                        reason?: string;
                        /** @example 1042 */
                        holdId: string;
                        /**
                         * @description Whole credits.
                         * @example 1
                         */
                        amount?: number;
                    } | {
                        /** @enum {string} */
                        op: "release";
                        key: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /**
                         * @description Why, in words that the account's owner may read.
                         * @example rewrite of a paragraph
                         */
                        reason?: string;
                        /** @example 1042 */
                        holdId: string;
                    })[];
                };
            };
        };
        responses: {
            /** @description One result an operation, in the order given */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: ({
                            key: string | null;
                            /** @description The HTTP status the single call would have answered. */
                            status: number;
                            /** @description Of a refusal: the problem's code. */
                            code?: string;
                            replayed?: boolean;
                            /**
                             * @description Of a capture or release: how the hold ended.
                             * @enum {string}
                             */
                            holdStatus?: "open" | "captured" | "released" | "expired";
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.consume": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Whole credits.
                     * @example 1
                     */
                    amount: number;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                    /**
                     * @description The product feature that spends.
                     * @example rewrite
                     */
                    feature?: string;
                    /** @description Facts of your own, kept with the transaction. */
                    metadata?: {
                        [key: string]: string | number | boolean | null;
                    };
                    /**
                     * @description Whose account. Left out: the caller's own.
                     * @example alice
                     */
                    userId?: string;
                };
            };
        };
        responses: {
            /** @description Spent */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditMovement"];
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description insufficient_credits */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "insufficient_credits";
                    } & components["schemas"]["InsufficientCreditsDetails"];
                };
            };
            /** @description account_frozen, forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.explain": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
                /** @description Default: now. */
                at?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account as it was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /**
                         * Format: date-time
                         * @description RFC 3339, with Z or an offset.
                         * @example 2026-02-01T00:00:00.000Z
                         */
                        at: string;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        balance: number;
                        held: number;
                        available: number;
                        /** @enum {string} */
                        status: "active" | "frozen";
                        grants: {
                            /** @example 1042 */
                            id: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            remaining: number;
                            /** @description Lower is spent first. */
                            priority: number;
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            expiresAt: string | null;
                            reserved: number;
                        }[];
                        /** @description The same in words, one line a grant. */
                        lines: string[];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.holds": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is reserved, and until when */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["CreditHold"][];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.hold": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description A user id, compared byte for byte.
                     * @example alice
                     */
                    userId: string;
                    /**
                     * @description Whole credits.
                     * @example 1
                     */
                    amount: number;
                    ttlSeconds: number;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                    /**
                     * @description The product feature that spends.
                     * @example rewrite
                     */
                    feature?: string;
                    /** @description Facts of your own, kept with the transaction. */
                    metadata?: {
                        [key: string]: string | number | boolean | null;
                    };
                };
            };
        };
        responses: {
            /** @description Reserved */
            201: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        holdId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        amount: number;
                        /**
                         * Format: date-time
                         * @description RFC 3339, with Z or an offset.
                         * @example 2026-02-01T00:00:00.000Z
                         */
                        expiresAt: string;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description insufficient_credits */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "insufficient_credits";
                    } & components["schemas"]["InsufficientCreditsDetails"];
                };
            };
            /** @description account_frozen, forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.getHold": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                holdId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hold */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditHold"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description hold_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.capture": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                holdId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description Whole credits.
                     * @example 1
                     */
                    amount?: number;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Spent */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example 1042 */
                        holdId: string;
                        /** @enum {string} */
                        status: "open" | "captured" | "released" | "expired";
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description hold_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description capture_exceeds_hold, hold_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "capture_exceeds_hold";
                    } & components["schemas"]["CaptureExceedsHoldDetails"]) | (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "hold_ended";
                    } & components["schemas"]["HoldEndedDetails"]);
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.release": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                holdId: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Freed */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example 1042 */
                        holdId: string;
                        /** @enum {string} */
                        status: "open" | "captured" | "released" | "expired";
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description hold_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description hold_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "hold_ended";
                    } & components["schemas"]["HoldEndedDetails"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.setLowBalanceThreshold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @description 0: never. Null: the default, a tenth of the monthly credits; never for a non-member. */
                    threshold: number | null;
                    /**
                     * @description Whose account. Left out: the caller's own.
                     * @example alice
                     */
                    userId?: string;
                };
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditAccount"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.packages": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The packages on sale */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            /** @example starter-100 */
                            code: string;
                            name: string;
                            credits: number;
                            /** @description Price in the smallest unit of the currency. */
                            priceMinor: number;
                            currency: string;
                            /** @description Days until the credits expire; null: never. */
                            validDays: number | null;
                            requiresMembership: boolean;
                            available: boolean;
                            /** @enum {string|null} */
                            unavailableBecause: "membership_required" | null;
                        }[];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.purchase": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path: {
                code: string;
            };
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description A user id, compared byte for byte.
                     * @example alice
                     */
                    userId: string;
                    /** @example pi_3Nq8Xk */
                    paymentReference: string;
                };
            };
        };
        responses: {
            /** @description Given */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example starter-100 */
                        code: string;
                        /** @example 1042 */
                        grantId: string;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description package_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description membership_required, package_inactive, payment_reference_used */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.refund": {
        parameters: {
            query?: never;
            header: {
                /** @description Your own name for this operation: the same for every retry of it, another for every other. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /** @example 1042 */
                    transactionId: string;
                    /**
                     * @description Left out: all that is left of it.
                     * @example 1
                     */
                    amount?: number;
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Given back */
            200: {
                headers: {
                    /** @description The operation was done before, by a request with this key; this is its answer again. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example 1042 */
                        transactionId: string;
                        /**
                         * @description A user id, compared byte for byte.
                         * @example alice
                         */
                        userId: string;
                        /** @description How many credits, positive. */
                        amount: number;
                        balanceBefore: number;
                        balanceAfter: number;
                        heldAfter: number;
                        available: number;
                        /** @description Rises by one with every change of the account. */
                        version: number;
                        /** @description What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant. */
                        draws: {
                            /** @example 1042 */
                            grantId: string;
                            /** @enum {string} */
                            kind: "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";
                            amount: number;
                        }[];
                        /** @example 1042 */
                        refundedTransactionId: string;
                    };
                };
            };
            /** @description idempotency_key_invalid, idempotency_key_required, malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description transaction_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not_refundable, nothing_to_refund, refund_exceeds_original */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "refund_exceeds_original";
                    } & components["schemas"]["RefundExceedsOriginalDetails"]) | components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.schedule": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first; empty without a yearly membership */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            month: number;
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            periodStart: string;
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            periodEnd: string;
                            amount: number;
                            /** @enum {string} */
                            status: "scheduled" | "given" | "skipped" | "cancelled";
                            givenAmount: number | null;
                            /** @example 1042 */
                            transactionId: string | null;
                        }[];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.transactions": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
                /** @description One type or several, separated by commas. */
                type?: string;
                /** @description Inclusive. */
                from?: string;
                /** @description Exclusive. */
                to?: string;
                limit?: number;
                /** @description nextCursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["CreditTransaction"][];
                        /** @description Null on the last page. */
                        nextCursor: string | null;
                    };
                };
            };
            /** @description invalid_cursor, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.transactionsCsv": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
                /** @description One type or several, separated by commas. */
                type?: string;
                /** @description Inclusive. */
                from?: string;
                /** @description Exclusive. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description RFC 4180, UTF-8, with a header line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.transaction": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transactionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The transaction */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditTransaction"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description transaction_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "credits.usage": {
        parameters: {
            query?: {
                /** @description Whose account. Left out: the caller's own. */
                userId?: string;
                interval?: "hour" | "day" | "month";
                /** @description Default: 2 days, 30 days or 12 months before `to`. */
                from?: string;
                /** @description Exclusive. Default: now. */
                to?: string;
                groupBy?: "none" | "feature";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One entry a bucket, oldest first, empty ones included */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        interval: "hour" | "day" | "month";
                        timeZone: string;
                        /**
                         * Format: date-time
                         * @description RFC 3339, with Z or an offset.
                         * @example 2026-02-01T00:00:00.000Z
                         */
                        from: string;
                        /**
                         * Format: date-time
                         * @description RFC 3339, with Z or an offset.
                         * @example 2026-02-01T00:00:00.000Z
                         */
                        to: string;
                        data: {
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            start: string;
                            /**
                             * Format: date-time
                             * @description RFC 3339, with Z or an offset.
                             * @example 2026-02-01T00:00:00.000Z
                             */
                            end: string;
                            consumed: number;
                            refunded: number;
                            /** @description consumed − refunded. */
                            net: number;
                            operations: number;
                            features?: {
                                feature: string | null;
                                consumed: number;
                                refunded: number;
                                operations: number;
                            }[];
                        }[];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            /** @description forbidden, role_required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description user_not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "gateway.getDevClock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The clock */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DevClock"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "gateway.putDevClock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description The time it shall be.
                     * @example 2026-02-01T00:00:00.000Z
                     */
                    now?: string;
                    /** @description ISO 8601 (PT1H, P1M) or an object of units; months and years are calendar months in UTC. */
                    advance?: string | {
                        years?: number;
                        months?: number;
                        weeks?: number;
                        days?: number;
                        hours?: number;
                        minutes?: number;
                        seconds?: number;
                    };
                    /**
                     * @description Back to the real time.
                     * @enum {boolean}
                     */
                    real?: true;
                };
            };
        };
        responses: {
            /** @description Every service has moved */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DevClock"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description clock_not_everywhere, database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "gateway.devJwks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JSON Web Key Set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keys: ({
                            kid: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            /** @description malformed_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.devSignInPage": {
        parameters: {
            query?: {
                returnTo?: string;
                lang?: "en" | "zh-CN";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.devSignIn": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description A user id, compared byte for byte.
                     * @example alice
                     */
                    userId: string;
                };
            };
        };
        responses: {
            /** @description Signed in for eight hours */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DevSession"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            /** @description sign_in_from_elsewhere */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description demo_user_unknown */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description outcome_unknown, overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.devSignInAsset": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: "sign-in.js" | "sign-in.css";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description malformed_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.devUsers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The demo users */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DemoUser"][];
                    };
                };
            };
            /** @description malformed_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description malformed_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.docsAsset": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: "docs.js" | "docs-dom.js" | "docs-schema.js" | "docs-try.js" | "docs.css";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description malformed_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "gateway.events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description First the present state of both (left out when Last-Event-ID says it is known), then every change. The id of an event is `<credits version>-<membership version>`. Data: CreditsEvent or MembershipEvent as JSON. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["CreditsEvent"] | components["schemas"]["MembershipEvent"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description rate_limited, too_many_streams */
            429: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "membership.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The membership as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "membership.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that was read, in quotes: refused when it has changed since. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description The membership as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description transition_not_allowed, version_conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "transition_not_allowed";
                    } & components["schemas"]["TransitionNotAllowedDetails"]) | (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "version_conflict";
                    } & components["schemas"]["VersionConflictDetails"]);
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "membership.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that was read, in quotes: refused when it has changed since. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description At most 16,384 bytes. */
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description Why, in words that the account's owner may read.
                     * @example rewrite of a paragraph
                     */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description The membership as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Membership"];
                };
            };
            /** @description malformed_json, malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            /** @description transition_not_allowed, version_conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "transition_not_allowed";
                    } & components["schemas"]["TransitionNotAllowedDetails"]) | (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "version_conflict";
                    } & components["schemas"]["VersionConflictDetails"]);
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, outcome_unknown, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "membership.tiers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The catalogue */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Tier"][];
                    };
                };
            };
            /** @description malformed_request, validation_failed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": (components["schemas"]["Problem"] & {
                        /** @constant */
                        code?: "validation_failed";
                    } & components["schemas"]["ValidationFailedDetails"]) | components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRefused"];
            403: components["responses"]["RoleRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["UpstreamFailed"];
            /** @description database_busy, database_unavailable, identity_provider_unavailable, overloaded, revocations_unknown, upstream_unavailable */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            504: components["responses"]["UpstreamTimeout"];
        };
    };
    "gateway.openapi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description malformed_request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            /** @description overloaded */
            503: {
                headers: {
                    /** @description Whole seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "health.alive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "alive";
                    };
                };
            };
        };
    };
    "health.ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "not_ready" | "draining";
                        /** @description What it depends on; the optional ones included. */
                        parts: {
                            [key: string]: {
                                ok: boolean;
                            } & {
                                [key: string]: unknown;
                            };
                        };
                    };
                };
            };
            /** @description It cannot: not yet, or it is stopping */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "not_ready" | "draining";
                        /** @description What it depends on; the optional ones included. */
                        parts: {
                            [key: string]: {
                                ok: boolean;
                            } & {
                                [key: string]: unknown;
                            };
                        };
                    };
                };
            };
        };
    };
}
