// Made by `make page-schema` out of the API's own document. Change nothing here.
export interface paths {
    "/api/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Tell who is signed in, whether the first owner is still to be made, and the token that changes need.
         *
         *     `csrf` goes into the header `X-CSRFToken` of each change by cookie. A request by bearer token gets none.
         */
        get: operations["auth_session_read"];
        put?: never;
        /** @description Sign in by name and password, or by an access token, and get the session's cookie. */
        post: operations["auth_session_begin"];
        /** @description Sign out: the session, or the token of this request, ends with its sockets. */
        delete: operations["auth_session_end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List your sessions and tokens that are good, the latest first; times of use are exact to the minute. */
        get: operations["auth_sessions_list"];
        put?: never;
        post?: never;
        /** @description End all your sessions and tokens but the one that makes this request, with their sockets. */
        delete: operations["auth_sessions_end_others"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description End one of your sessions or tokens, with its sockets. */
        delete: operations["auth_sessions_end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Make the first owner by the code of the link that the panel printed at its start, and sign them in. */
        post: operations["auth_setup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Change your own password; sessions and tokens end, but the session that asks. The answer holds a token. */
        post: operations["user_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user/me/rights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Tell what you may do now with which server. */
        get: operations["user_rights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List all servers that you may see; a broken one comes with its ``problem``. */
        get: operations["servers_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List what was done to the server, newest first. */
        get: operations["operations_list"];
        put?: never;
        /** @description Carry out one operation, to its end even if the client leaves. */
        post: operations["operations_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Ask for the end of a running operation; it cleans up before it ends. */
        post: operations["operations_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List the operations of all servers that you may see, newest first, without their output. */
        get: operations["operations_list_all"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Return one operation; while it runs, with its output so far. */
        get: operations["operations_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/attention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description List what needs attention, the worst first: of the servers that you may see, and of all where you may. */
        get: operations["attention_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/servers/{id}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Make a snapshot of the server, or of a path of its data. */
        post: operations["server_snapshots_create"];
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
        /**
         * @description * `everything` - everything
         *     * `granted` - granted
         * @enum {string}
         */
        AccessEnum: "everything" | "granted";
        /** @description One matter: a sentence, and the same as a code and its parameters for another language. */
        AttentionItem: {
            code: components["schemas"]["CodeEnum"];
            params: {
                [key: string]: unknown;
            };
            tone: components["schemas"]["ToneEnum"];
            sentence: string;
            advice: string;
            /** @description empty: of no single server */
            server_id: string;
            /** Format: date-time */
            since: string | null;
            /**
             * @description where to look
             *
             *     * `open_server` - open_server
             *     * `open_operation` - open_operation
             *     * `open_snapshots` - open_snapshots
             *     * `open_system` - open_system
             */
            action: components["schemas"]["AttentionItemActionEnum"];
            /** @description id of the operation that it is about */
            operation: string;
        };
        /**
         * @description * `open_server` - open_server
         *     * `open_operation` - open_operation
         *     * `open_snapshots` - open_snapshots
         *     * `open_system` - open_system
         * @enum {string}
         */
        AttentionItemActionEnum: "open_server" | "open_operation" | "open_snapshots" | "open_system";
        /**
         * @description * `engine_away` - engine_away
         *     * `server_problem` - server_problem
         *     * `server_down` - server_down
         *     * `server_unwell` - server_unwell
         *     * `saving_off` - saving_off
         *     * `no_repository` - no_repository
         *     * `repository_warning` - repository_warning
         *     * `repository_same_disk` - repository_same_disk
         *     * `repository_unread` - repository_unread
         *     * `snapshot_warning` - snapshot_warning
         *     * `no_backup` - no_backup
         *     * `backup_late` - backup_late
         *     * `disk_low` - disk_low
         *     * `operation_failed` - operation_failed
         *     * `audit_lost` - audit_lost
         * @enum {string}
         */
        CodeEnum: "engine_away" | "server_problem" | "server_down" | "server_unwell" | "saving_off" | "no_repository" | "repository_warning" | "repository_same_disk" | "repository_unread" | "snapshot_warning" | "no_backup" | "backup_late" | "disk_low" | "operation_failed" | "audit_lost";
        /**
         * @description * `page` - page
         *     * `admin_site` - admin_site
         *     * `token` - token
         *     * `code` - code
         * @enum {string}
         */
        MethodEnum: "page" | "admin_site" | "token" | "code";
        /** @description Where a server's game writes and the snapshot does not reach. */
        MissingPlace: {
            server_id: string;
            place: string;
            why: string;
        };
        /** @description What the caller may do now, on the servers that are there. */
        MyRights: {
            access: components["schemas"]["AccessEnum"];
            create: boolean;
            servers: {
                [key: string]: ("view" | "console" | "command" | "players" | "power" | "files.read" | "files.write" | "backup" | "restore" | "tasks" | "compose" | "remove")[];
            };
            /** @description by server: first words of the commands that are allowed without the verb `command` */
            commands: {
                [key: string]: string[];
            };
        };
        /** @description Name and password, or a token that a code has brought; and whether the session outlives the browser. */
        NewSessionRequest: {
            username?: string;
            password?: string;
            access_token?: string;
            /** @default false */
            remember: boolean;
        };
        NullEnum: null;
        /** @description One operation. */
        Operation: {
            /** Format: uuid */
            id: string;
            serverId: string;
            kind: string;
            state: components["schemas"]["OperationStateEnum"];
            startedBy: string;
            origin: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            finishedAt: string | null;
            output: string;
            /** Format: double */
            percent: number | null;
            stage: string;
            /** @description of this step */
            bytesDone: number | null;
            bytesTotal: number | null;
            /** @description until the step is done, a guess; null once it has ended */
            etaSeconds: number | null;
            /** @description false once it has ended */
            canCancel: boolean;
            error: string;
            warnings: string[];
            result: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What an operation answers: a sentence and its record. */
        OperationAnswer: {
            message: string;
            operation: components["schemas"]["Operation"];
        };
        /** @description A page of operations; ``next`` is the cursor of the following page. */
        OperationList: {
            operations: components["schemas"]["Operation"][];
            next: string | null;
        };
        /** @enum {string} */
        OperationRequestActionEnum: "start" | "stop" | "restart" | "up" | "down" | "remove" | "kill" | "pull";
        /** @description Body of ``POST /servers/{id}/operations``. */
        OperationRequestRequest: {
            action: components["schemas"]["OperationRequestActionEnum"];
            /** @description owners only; codes of the safety policy */
            accept_findings?: string[];
        };
        /**
         * @description * `running` - running
         *     * `succeeded` - succeeded
         *     * `failed` - failed
         *     * `interrupted` - interrupted
         *     * `cancelled` - cancelled
         * @enum {string}
         */
        OperationStateEnum: "running" | "succeeded" | "failed" | "interrupted" | "cancelled";
        /** @description One operation in a list of those of all servers: without its output. */
        OperationSummary: {
            /** Format: uuid */
            id: string;
            serverId: string;
            kind: string;
            state: components["schemas"]["OperationStateEnum"];
            startedBy: string;
            origin: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            finishedAt: string | null;
            /** Format: double */
            percent: number | null;
            stage: string;
            /** @description of this step */
            bytesDone: number | null;
            bytesTotal: number | null;
            /** @description until the step is done, a guess; null once it has ended */
            etaSeconds: number | null;
            /** @description false once it has ended */
            canCancel: boolean;
            error: string;
            warnings: string[];
            result: {
                [key: string]: unknown;
            } | null;
        };
        /** @description A page of operations of all servers; ``next`` is the cursor of the following page. */
        OperationSummaryList: {
            operations: components["schemas"]["OperationSummary"][];
            next: string | null;
        };
        /** @description A token that goes on; all others were ended. */
        PasswordChanged: {
            access_token: string;
            token_type: components["schemas"]["TokenTypeEnum"];
            message: string;
        };
        /** @description A new password, and the proof that it is one's own account. */
        PasswordRequest: {
            old_password: string;
            new_password: string;
        };
        Problem: {
            /** @description What was wrong and what to do, for a person. */
            detail: string;
            /** @description Stable, for a program. */
            code: string;
            /** @description Of a compose file: broken rules (400), or what an owner would have to accept (403). */
            findings?: {
                code: string;
                message: string;
                line: number | null;
                file: string | null;
            }[];
            /** @description On 502 of a compose update: the old file runs again, on a world that no other version had. */
            restored?: boolean;
            /** @description On 502 of a compose update: what is as before; data is not once the new file ran. */
            restored_parts?: {
                compose?: boolean;
                data?: boolean;
            };
            /** @description On 502 of a compose update: the snapshot of the server before it. */
            safety_snapshot_id?: string | null;
            /** @description On 502 of a compose update: what Docker or the game said. */
            reason?: string;
            /** @description On 412, and on 502 of a compose update: the tag of the file that is there now. */
            etag?: string | null;
            /** @description On 400: the messages by field. */
            errors?: {
                [key: string]: string[];
            };
        };
        /**
         * @description * `flushed` - flushed
         * @enum {string}
         */
        RequireEnum: "flushed";
        /**
         * @description * `owner` - owner
         *     * `admin` - admin
         * @enum {string}
         */
        RoleEnum: "owner" | "admin";
        /**
         * @description * `flushed` - flushed
         *     * `stopped` - stopped
         *     * `unconfirmed` - unconfirmed
         *     * `live` - live
         *     * `partial` - partial
         * @enum {string}
         */
        SavedEnum: "flushed" | "stopped" | "unconfirmed" | "live" | "partial";
        /**
         * @description * `server` - server
         *     * `path` - path
         *     * `global` - global
         * @enum {string}
         */
        ScopeEnum: "server" | "path" | "global";
        /** @description One server in a list. Figures of use are null until they are sampled. */
        ServerItem: {
            id: string;
            name: string;
            serverType: string;
            gameVersion: string;
            gamePort: number;
            maxMemoryBytes: number;
            rconPort: number;
            javaVersion: number | null;
            status: components["schemas"]["ServerStatusEnum"];
            statusReason: string | null;
            /**
             * @description what the reason is; it never changes. Null: there is no reason
             *
             *     * `never_started` - never_started
             *     * `start_failed` - start_failed
             *     * `ended` - ended
             *     * `crashed` - crashed
             *     * `oom_killed` - oom_killed
             *     * `killed` - killed
             *     * `stop_timed_out` - stop_timed_out
             *     * `crash_loop` - crash_loop
             *     * `paused` - paused
             *     * `unhealthy` - unhealthy
             *     * `restarted` - restarted
             *     * `no_health_check` - no_health_check
             *     * `asleep` - asleep
             *     * `other_game` - other_game
             *     * `engine_away` - engine_away
             *     * `container_unread` - container_unread
             *     * `owner_unknown` - owner_unknown
             */
            statusReasonCode: components["schemas"]["StatusReasonCodeEnum"] | components["schemas"]["NullEnum"];
            /** @description what the reason's sentence says besides; empty without a reason */
            statusReasonParams: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            since: string | null;
            /** Format: double */
            cpuPercentage: number | null;
            memoryUsageBytes: number | null;
            onlinePlayers: string[] | null;
            diskUsageBytes: number | null;
            problem: string | null;
            /** @description the machine; null where there is one */
            node: string | null;
        };
        /** @description What of a server to save. */
        ServerSnapshotRequestRequest: {
            path?: string | null;
            require?: components["schemas"]["RequireEnum"] | components["schemas"]["NullEnum"];
        };
        /**
         * @description * `REMOVED` - REMOVED
         *     * `EXISTS` - EXISTS
         *     * `CREATED` - CREATED
         *     * `RUNNING` - RUNNING
         *     * `STARTING` - STARTING
         *     * `HEALTHY` - HEALTHY
         *     * `UNKNOWN` - UNKNOWN
         * @enum {string}
         */
        ServerStatusEnum: "REMOVED" | "EXISTS" | "CREATED" | "RUNNING" | "STARTING" | "HEALTHY" | "UNKNOWN";
        /** @description Who is signed in, and what a page needs to go on. */
        Session: {
            user: components["schemas"]["UserPublic"] | null;
            setup_needed: boolean;
            csrf: string | null;
        };
        /** @description The code of the link, and the first owner. */
        SetupRequest: {
            username: string;
            password: string;
            code: string;
        };
        /** @description A session or token of one's own. */
        SignIn: {
            id: number;
            method: components["schemas"]["MethodEnum"];
            /** Format: date-time */
            began_at: string;
            /** Format: date-time */
            last_seen_at: string;
            /** Format: date-time */
            expires_at: string;
            address: string;
            agent: string;
            /** @description Tell whether it makes this request. */
            readonly current: boolean;
        };
        /**
         * @description One snapshot. What its tags do not say is null: somebody else made it.
         *
         *     ``foreign``: another panel made it, or restic alone: it can be restored, and no rule or deletion touches it.
         */
        Snapshot: {
            id: string;
            short_id: string;
            /** Format: date-time */
            time: string;
            paths: string[];
            hostname: string;
            username: string;
            tags: string[];
            program_version: string | null;
            tree: string;
            server_id: string | null;
            scope: components["schemas"]["ScopeEnum"] | components["schemas"]["NullEnum"];
            trigger: components["schemas"]["TriggerEnum"] | components["schemas"]["NullEnum"];
            saved: components["schemas"]["SavedEnum"] | components["schemas"]["NullEnum"];
            missing: components["schemas"]["MissingPlace"][];
            warnings: string[];
            pinned: boolean;
            foreign: boolean;
            summary: components["schemas"]["SnapshotSummary"] | null;
        };
        /**
         * @description A snapshot just made; ``warnings`` say what of it could be better, ``skipped`` names servers left out.
         *
         *     ``skipped_because`` holds a sentence for each of them, by its id.
         */
        SnapshotAnswer: {
            message: string;
            snapshot: components["schemas"]["Snapshot"];
            warnings: string[];
            skipped: string[];
            skipped_because: {
                [key: string]: string;
            };
        };
        /** @description What a backup found and added; sizes in bytes. Null is what this restic does not tell. */
        SnapshotSummary: {
            /** Format: date-time */
            backup_start: string | null;
            /** Format: date-time */
            backup_end: string | null;
            files_new: number | null;
            files_changed: number | null;
            files_unmodified: number | null;
            dirs_new: number | null;
            dirs_changed: number | null;
            dirs_unmodified: number | null;
            data_blobs: number | null;
            tree_blobs: number | null;
            data_added: number | null;
            data_added_packed: number | null;
            total_files_processed: number | null;
            total_bytes_processed: number | null;
            /** Format: double */
            total_duration: number | null;
        };
        /**
         * @description * `never_started` - never_started
         *     * `start_failed` - start_failed
         *     * `ended` - ended
         *     * `crashed` - crashed
         *     * `oom_killed` - oom_killed
         *     * `killed` - killed
         *     * `stop_timed_out` - stop_timed_out
         *     * `crash_loop` - crash_loop
         *     * `paused` - paused
         *     * `unhealthy` - unhealthy
         *     * `restarted` - restarted
         *     * `no_health_check` - no_health_check
         *     * `asleep` - asleep
         *     * `other_game` - other_game
         *     * `engine_away` - engine_away
         *     * `container_unread` - container_unread
         *     * `owner_unknown` - owner_unknown
         * @enum {string}
         */
        StatusReasonCodeEnum: "never_started" | "start_failed" | "ended" | "crashed" | "oom_killed" | "killed" | "stop_timed_out" | "crash_loop" | "paused" | "unhealthy" | "restarted" | "no_health_check" | "asleep" | "other_game" | "engine_away" | "container_unread" | "owner_unknown";
        /**
         * @description * `bearer` - bearer
         * @enum {string}
         */
        TokenTypeEnum: "bearer";
        /**
         * @description * `bad` - bad
         *     * `warn` - warn
         *     * `info` - info
         * @enum {string}
         */
        ToneEnum: "bad" | "warn" | "info";
        /**
         * @description * `manual` - manual
         *     * `schedule` - schedule
         *     * `safety` - safety
         * @enum {string}
         */
        TriggerEnum: "manual" | "schedule" | "safety";
        /** @description What everybody may know of a user. */
        UserPublic: {
            id: number;
            username: string;
            role: components["schemas"]["RoleEnum"];
            /** Format: date-time */
            created_at: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    auth_session_read: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_session_begin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewSessionRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_session_end: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_sessions_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignIn"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_sessions_end_others: {
        parameters: {
            query: {
                /** @description Has to be 1. */
                others: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_sessions_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetupRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordChanged"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_rights: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyRights"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    servers_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerItem"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_list: {
        parameters: {
            query?: {
                /** @description those of removed servers of this id, too */
                all?: boolean;
                /** @description `next` of the page before */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationList"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description `respond-async`: do not wait */
                Prefer?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OperationRequestRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_list_all: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: string;
                /** @description `up`, `backup`, … */
                kind?: string;
                /** @description its id; empty: those of no single server */
                server?: string;
                state?: "cancelled" | "failed" | "interrupted" | "running" | "succeeded";
                /** @description who began it */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationSummaryList"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operations_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attention_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttentionItem"][];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    server_snapshots_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description `respond-async`: do not wait */
                Prefer?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ServerSnapshotRequestRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotAnswer"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Any error: 400 to 504. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
