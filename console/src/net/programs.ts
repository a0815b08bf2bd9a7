// Requests about programs: the tokens they ask with, and the webhooks they are told by.
import type { components } from "../api/schema";
import { answer, api } from "./client.ts";

type Schemas = components["schemas"];

export type Token = Schemas["TokenOut"];
export type Scope = Schemas["Scope"];
export type Webhook = Schemas["WebhookOut"];
export type Delivery = Schemas["DeliveryOut"];

const named = (name: string) => ({ params: { path: { name } } });

export const tokens = {
  list: () => answer(api.GET("/api/tokens")),
  issue: (body: Schemas["TokenIn"]) => answer(api.POST("/api/tokens", { body })),
  revoke: (name: string, reason: string) => answer(api.POST("/api/tokens/{name}/revoke", { ...named(name), body: { reason } })),
};

export const webhooks = {
  list: () => answer(api.GET("/api/webhooks")),
  add: (name: string, url: string, reason: string) => answer(api.POST("/api/webhooks", { body: { name, url, kinds: [], reason } })),
  rotate: (name: string) => answer(api.POST("/api/webhooks/{name}/rotate", named(name))),
  remove: (name: string, reason: string) => answer(api.POST("/api/webhooks/{name}/remove", { ...named(name), body: { reason } })),
  last: (name: string) => answer(api.GET("/api/webhooks/{name}/deliveries", { params: { path: { name }, query: { limit: 1 } } })),
};
